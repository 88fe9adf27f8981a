//! What runs in Redis, where it is atomic.

use redis::Script;

/// How many of the last changes the log keeps, so that a replica can catch up without reading everything.
const LOG: u32 = 10_000;

/// How long after the log was created a replica that starts up waits for the others to restore what was lost.
const SETTLE_MS: u32 = 1500;

/// Makes sure that there is a log, and sets `number` to that of its last entry.
///
/// An entry has the ID `number-random`. Numbers are consecutive, so that a gap is noticed. The random part tells a
/// lost entry from another one with the same number, and the first number is random, so that the entries of a log
/// that was lost are unlikely to be found in the next one.
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

/// Returns the ID of the last entry, and how many milliseconds ago the log was too new to be read.
const OPEN: &str = "
return { last, redis.call('PTTL', new) }
";

/// Adds revocations: `ARGV[5]` and every second one after it is a member, and the next one its expiry. Returns how
/// many were evicted.
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

/// The scripts, which Redis compiles once.
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
