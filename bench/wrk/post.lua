-- Distinct keys, 100-byte values. Keys come again after a million a thread, so that a long run does not fill the memory.
dofile(os.getenv("BENCH_WRK") .. "/report.lua")

local threads = 0
local keys = 1000000
local value = string.rep("x", 100)
local head, tail, n

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  n = math.random(keys)
  head = "POST /key/b" .. number .. "-"
  tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Length: 100\r\n\r\n" .. value
end

function request()
  n = (n + 1) % keys
  return head .. n .. tail
end

function done(summary, latency) report(summary, latency) end
