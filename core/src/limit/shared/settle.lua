-- KEYS: one for each change. ARGV from the fourth on: pace, limit, span, taken, used, when it was taken.
for i = 1, #KEYS do
  local at = 4 + (i - 1) * 6
  local terms = { pace = ARGV[at], limit = tonumber(ARGV[at + 1]), span = tonumber(ARGV[at + 2]) }
  local taken, used, taken_us = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  if terms.pace == 'held' then
    local number = 0
    while number < 1000 and redis.call('ZREM', KEYS[i], holder .. string.format(':%.0f:%d', taken_us, number)) == 0 do
      number = number + 1
    end
  else
    local window = load(KEYS[i], terms)
    if used < taken then
      give_back(window, terms, taken - used, taken_us)
    else
      add(window, terms, used - taken)
    end
    save(window, terms)
  end
end
return #KEYS
