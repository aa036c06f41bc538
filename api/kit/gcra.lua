-- Requests of several callers against their limits, by GCRA with Redis' own clock. Times in microseconds.
-- KEYS: what holds each caller's theoretical arrival time. ARGV, for each: interval of one request, the window, requests.
-- Returns for each: 1 if it is over the limit (then nothing is taken), what is left, until all is back, until it fits.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local told = {}
for place, key in ipairs(KEYS) do
  local interval, window = tonumber(ARGV[place * 3 - 2]), tonumber(ARGV[place * 3 - 1])
  local requests = tonumber(ARGV[place * 3])
  local arrival = math.max(now, tonumber(redis.call('GET', key) or now))
  local next_arrival = arrival + requests * interval
  local wait = next_arrival - window - now
  -- a microsecond is forgiven: sums of intervals that are no whole number would else refuse the last of a burst
  local over = wait > 1
  if not over then
    arrival = next_arrival
    redis.call('SET', key, string.format('%.3f', arrival), 'PX', math.ceil((arrival - now) / 1000))
  end
  local left = math.max(0, math.floor((now + window - arrival + 1) / interval))
  table.insert(told, over and 1 or 0)
  table.insert(told, left)
  table.insert(told, math.ceil(arrival - now))
  table.insert(told, over and math.ceil(wait) or 0)
end
return told
