-- KEYS: one for each ask, then that of the peers. ARGV from the fourth on: pace, limit, span, amount, observed.
local peers = KEYS[#KEYS]
redis.call('ZREMRANGEBYSCORE', peers, '-inf', time)
redis.call('ZADD', peers, string.format('%.0f', time + peer_us), holder)
redis.call('PEXPIRE', peers, math.ceil(peer_us / 1000))

local asks = {}
for i = 1, #KEYS - 1 do
  local at = 4 + (i - 1) * 5
  local terms = { pace = ARGV[at], limit = tonumber(ARGV[at + 1]), span = tonumber(ARGV[at + 2]) }
  local ask = { terms = terms, amount = tonumber(ARGV[at + 3]), window = load(KEYS[i], terms) }
  local wait = room(ask.window, terms, ask.amount)
  if wait and ARGV[at + 4] ~= '1' then
    return { 0, redis.call('ZCARD', peers), i - 1, wait, total(ask.window) }
  end
  ask.over = wait and 1 or 0
  asks[i] = ask
end

local answer = { 1, redis.call('ZCARD', peers), time }
for i, ask in ipairs(asks) do
  local left = 0
  add(ask.window, ask.terms, ask.amount)
  if ask.terms.pace == 'held' then
    local number, until_us = 0, string.format('%.0f', time + place_us)
    while redis.call('ZADD', KEYS[i], 'NX', until_us, holder .. string.format(':%.0f:%d', time, number)) == 0 do
      number = number + 1
    end
    redis.call('PEXPIRE', KEYS[i], math.ceil(place_us / 1000))
  else
    left = save(ask.window, ask.terms)
  end
  answer[#answer + 1] = total(ask.window)
  answer[#answer + 1] = left
  answer[#answer + 1] = ask.over
end
return answer
