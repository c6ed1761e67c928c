-- KEYS: one for each count. ARGV from the fourth on: pace, limit, span.
local answer = {}
for i = 1, #KEYS do
  local at = 4 + (i - 1) * 3
  local terms = { pace = ARGV[at], limit = tonumber(ARGV[at + 1]), span = tonumber(ARGV[at + 2]) }
  local window = load(KEYS[i], terms)
  roll(window, terms)
  answer[i] = total(window)
end
return answer
