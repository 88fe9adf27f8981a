//! Lua scripts, which Redis runs atomically.

use redis::Script;

/// The number of changes in the log. A replica that missed no more than these catches up without reading the set.
const LOG: u32 = 10_000;

/// How long a starting replica waits after the log was created, so that other replicas can restore lost entries first.
const SETTLE_MS: u32 = 1500;

/// Creates the log if there is none, and sets `number` to the number of its last entry.
///
/// The ID of an entry is `number-random`. Numbers are consecutive, so that gaps are detected. The random part
/// distinguishes a lost entry from a new one with the same number. The first number is random, so that the entries of a
/// lost log are unlikely to be found in the next one.
const BEGIN: &str = "
local entries, log, new = KEYS[1], KEYS[2], KEYS[3]
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local number
local function append(value)
    number = number + 1
    local id = string.format('%.0f', number) .. '-' .. ARGV[2]
    redis.call('XADD', log, 'MAXLEN', '~', LOG, id, 'r', value)
    return id
end
if last then
    number, last = tonumber(string.match(last[1], '^(%d+)-')), last[1]
else
    number = tonumber(ARGV[1])
    last = append('')
    redis.call('SET', new, 1, 'PX', SETTLE)
end
";

/// Returns the ID of the last entry, and for how many more milliseconds the log is too new to be read.
const OPEN: &str = "
return { last, redis.call('PTTL', new) }
";

/// Adds revocations. From `ARGV[5]` on, each member is followed by its expiry. Returns the number of evicted entries.
const PUBLISH: &str = "
for at = 5, #ARGV, 2 do
    if redis.call('ZADD', entries, 'GT', 'CH', ARGV[at + 1], ARGV[at]) == 1 then
        append(ARGV[at + 1] .. ' ' .. ARGV[at])
    end
end
redis.call('ZREMRANGEBYSCORE', entries, '-inf', ARGV[3])
local excess = redis.call('ZCARD', entries) - tonumber(ARGV[4])
if excess <= 0 then return 0 end
return redis.call('ZREMRANGEBYRANK', entries, 0, excess - 1)
";

/// Takes an attempt, as `Guess::take` does: of an account (`KEYS[1]`), or by the turn of a client (`KEYS[2]`). Returns the
/// wait in milliseconds, or 0. Keys are kept for a minute longer than they matter, because clocks differ.
#[cfg(feature = "basic")]
const TAKE_GUESS: &str = "
local now, period, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local grace, longest = tonumber(ARGV[4]), tonumber(ARGV[5])
local function set(key, value, kept)
    redis.call('SET', key, string.format('%.0f', value), 'PX', string.format('%.0f', kept - now + 60000))
end
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')
local turn = tonumber(redis.call('GET', KEYS[2]) or '0')
if now > turn + grace then turn = 0 end
local taken = math.max(full_at, now) + period
local wait = taken - (now + period * burst)
if turn > 0 and (wait <= 0 or turn <= now) then
    redis.call('DEL', KEYS[2])
    return 0
elseif wait <= 0 then
    set(KEYS[1], taken, taken)
    return 0
elseif turn > 0 then
    return turn - now
elseif wait > longest then
    return wait - longest
end
set(KEYS[1], taken, taken)
set(KEYS[2], now + wait, now + wait + grace)
return wait
";

/// Refunds an attempt of an account.
#[cfg(feature = "basic")]
const REFUND_GUESS: &str = "
local now, full_at = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or '0')
full_at = full_at - tonumber(ARGV[2])
if full_at > now then
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', string.format('%.0f', full_at - now + 60000))
else
    redis.call('DEL', KEYS[1])
end
return 0
";

#[cfg(feature = "basic")]
pub(super) fn take_guess() -> Script {
    Script::new(TAKE_GUESS)
}

#[cfg(feature = "basic")]
pub(super) fn refund_guess() -> Script {
    Script::new(REFUND_GUESS)
}

/// The scripts for revocations, which Redis caches.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) publish: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let script = |end| {
            let text = format!("{BEGIN}{end}");
            let text = text.replace("LOG", &LOG.to_string());
            Script::new(&text.replace("SETTLE", &SETTLE_MS.to_string()))
        };
        Self { open: script(OPEN), publish: script(PUBLISH) }
    }
}
