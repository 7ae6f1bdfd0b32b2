dofile(os.getenv("BENCH_WRK") .. "/report.lua")

function done(summary, latency) report(summary, latency) end
