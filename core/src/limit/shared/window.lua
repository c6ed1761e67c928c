-- The arithmetic of window.rs: see there for what it promises. Numbers are whole and below 2^53.
local SKEW, CELLS = 1000000, 8
local holder, place_us, peer_us = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local time = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local function cell(terms, at)
  return math.floor(at / math.max(math.floor(terms.span / CELLS), 1))
end

local function load(key, terms)
  local window = { key = key, at = 0, used = 0, older = {} }
  if terms.pace == 'held' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', time)
    window.used = redis.call('ZCARD', key)
    return window
  end
  local numbers = {}
  for number in string.gmatch(redis.call('GET', key) or '', '%d+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  window.at, window.used = numbers[1] or 0, numbers[2] or 0
  for i = 3, #numbers, 2 do
    window.older[#window.older + 1] = { numbers[i], numbers[i + 1] }
  end
  return window
end

local function total(window)
  local sum = window.used
  for _, moment in ipairs(window.older) do sum = sum + moment[2] end
  return sum
end

-- The time to reckon with.
local function roll(window, terms)
  local ahead = window.at > time
  if terms.pace == 'held' or terms.pace == 'period' then return time end
  if ahead and window.at - time <= SKEW then return window.at end
  if terms.pace == 'fixed' then
    local start = time - time % terms.span
    if start > window.at then window.used = 0 end
    window.at = start
  elseif terms.pace == 'sliding' then
    window.at = math.min(window.at, time)
    if window.at + terms.span <= time then
      window.at, window.used, window.older = time, 0, {}
      return time
    end
    local kept = {}
    for _, moment in ipairs(window.older) do
      local at = math.min(moment[1], time)
      if at + terms.span > time then kept[#kept + 1] = { at, moment[2] } end
    end
    window.older = kept
  elseif ahead then
    window.at = time
  else
    local drained = math.floor((time - window.at) * terms.limit / terms.span)
    if drained >= window.used then
      window.at, window.used = time, 0
    else
      window.used = window.used - drained
      window.at = window.at + math.ceil(drained * terms.span / terms.limit)
    end
  end
  return time
end

-- Nil where there is room; otherwise the time until there is, -1 for "when given back", -2 for "never".
local function room(window, terms, amount)
  local now = roll(window, terms)
  local over = total(window) + amount - terms.limit
  if over <= 0 then return nil end
  if amount > terms.limit then return -2 end
  if terms.pace == 'held' then return -1 end
  if terms.pace == 'fixed' then return window.at + terms.span - now end
  if terms.pace == 'period' then return math.max(terms.span - now, 1) end
  if terms.pace == 'bucket' then
    return math.max(window.at + math.ceil(over * terms.span / terms.limit) - now, 1)
  end
  for _, moment in ipairs(window.older) do
    if moment[2] >= over then return moment[1] + terms.span - now end
    over = over - moment[2]
  end
  return window.at + terms.span - now
end

local function add(window, terms, amount)
  local now = roll(window, terms)
  if terms.pace == 'sliding' then
    if window.used > 0 and cell(terms, window.at) ~= cell(terms, now) then
      if #window.older == CELLS then
        local oldest = table.remove(window.older, 1)
        window.older[1][2] = window.older[1][2] + oldest[2]
      end
      window.older[#window.older + 1] = { window.at, window.used }
      window.used = 0
    end
    window.at = now
  end
  if terms.pace == 'period' then window.at = math.max(window.at, terms.span) end
  window.used = window.used + amount
end

local function give_back(window, terms, amount, taken)
  roll(window, terms)
  local mine = terms.pace == 'bucket' or terms.pace == 'period'
    or terms.pace == 'fixed' and taken - taken % terms.span == window.at
    or terms.pace == 'sliding' and cell(terms, window.at) == cell(terms, taken)
  if mine then
    window.used = math.max(window.used - amount, 0)
    return
  end
  for _, moment in ipairs(window.older) do
    if cell(terms, moment[1]) == cell(terms, taken) then
      moment[2] = math.max(moment[2] - amount, 0)
      return
    end
  end
end

local function reset(window, terms)
  local now = roll(window, terms)
  if terms.pace == 'held' then return 0 end
  if terms.pace == 'bucket' then
    return math.max(window.at + math.ceil(window.used * terms.span / terms.limit) - now, 0)
  end
  if terms.pace == 'period' then return math.max(window.at - now, 0) end
  return window.at + terms.span - now
end

local function save(window, terms)
  local left = reset(window, terms)
  if total(window) == 0 then
    redis.call('DEL', window.key)
    return left
  end
  local parts = { string.format('%.0f %.0f', window.at, window.used) }
  for _, moment in ipairs(window.older) do
    parts[#parts + 1] = string.format('%.0f %.0f', moment[1], moment[2])
  end
  -- A little longer than it counts, so that a clock a little behind finds it.
  redis.call('SET', window.key, table.concat(parts, ' '), 'PX', string.format('%.0f', math.ceil((left + SKEW) / 1000)))
  return left
end

