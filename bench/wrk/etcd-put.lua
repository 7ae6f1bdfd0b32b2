-- The same writes to etcd's JSON gateway: keys and values in base64 (twelve digits are valid base64 for nine bytes).
dofile(os.getenv("BENCH_WRK") .. "/report.lua")

local threads = 0
local keys = 1000000
local value = string.rep("eHh4", 33) .. "eA==" -- 100 times "x"
local head, n

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  n = math.random(keys)
  local body = string.format('{"key":"%s","value":"%s"}', string.rep("0", 12), value)
  head = "POST /v3/kv/put HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n"
end

function request()
  n = (n + 1) % keys
  return head .. string.format('{"key":"%d%011d","value":"%s"}', number, n, value)
end

function done(summary, latency) report(summary, latency) end
