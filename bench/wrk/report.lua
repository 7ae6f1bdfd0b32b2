-- One line that compare.sh reads: what wrk prints for people says "fine" on redirects, and nothing about lengths.
function report(summary, latency)
  local errors = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d",
    summary.requests, summary.duration, summary.bytes,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
