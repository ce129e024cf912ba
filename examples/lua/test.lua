-- Tests of ketama.lua and ketama_2007.lua. Arguments: the folder of recorded answers, a classic list, a wrong list.
local vectors, list, wrong = arg[1], arg[2], arg[3]
local ketama = require "ketama"
local checks, failures = 0, 0

local function check(claim, text)
    checks = checks + 1
    if claim then return end
    failures = failures + 1
    print("FAILED: " .. text .. debug.traceback("", 2):match("\n[^\n]*\n%s*([^\n]*)"))
end

local function same(a, b)
    return table.concat(a, " ") == table.concat(b, " ")
end

-- Servers and answers of a file whose names and keys need no unescaping; other lines are left out.
local function recorded(name)
    local servers, pairs_ = {}, {}
    for line in assert(io.open(vectors .. "/" .. name)):lines() do
        local server, weight = line:match('^%s*{"name": "([^"\\]*)", "weight": (%d+)},?$')
        if server then servers[#servers + 1] = {server, tonumber(weight)} end
        local key, answer = line:match('^%["([^"\\]*)","([^"\\]*)"%],?$')
        if key then pairs_[#pairs_ + 1] = {key, answer} end
    end
    return servers, pairs_
end

local answers = 0
for name, options in pairs {
    ["hash-ring/eq3.json"] = {}, ["hash-ring/w7-uneven.json"] = {}, ["hash-ring/host13.json"] = {},
} do
    local servers, recorded_pairs = recorded(name)
    local ring = assert(ketama.new("hash-ring", servers, options))
    local keys, expected = {}, {}
    for i, pair in ipairs(recorded_pairs) do
        keys[i], expected[i] = pair[1], pair[2]
        answers = answers + 1
        if ring:get(pair[1]) ~= pair[2] then check(false, name .. " " .. pair[1]) end
    end
    check(same(ring:get_many(keys), expected), name .. " in one batch")
end
check(answers > 1400, "recorded answers are read")

-- Rings.
local three = {"10.0.1.1:11211", {"10.0.1.2:11211", 2}, {name = "10.0.1.3:11211", weight = 1}}
local ring = assert(ketama.new("hash-ring", three))
check(ring:servers()[2].weight == 2 and #ring:servers() == 3, "servers come in three forms")
check(ring:dialect() == "hash-ring" and #ring:fingerprint() == 16, "a ring tells its dialect and fingerprint")
check(ring:get("a\0b") == ring:get_many({"a\0b"})[1], "keys are any bytes")
local order = ring:get_n("k", 3)
check(#order == 3 and order[1] == ring:get("k") and order[2] ~= order[3], "get_n gives distinct servers, the first first")
check(#ring:get_n("k", 100) == 3, "there are no more than there are")
check(assert(ketama.new("twemproxy", {"a", "b"}, {["hash-tag"] = "{}"})):get("x{k}") ==
    assert(ketama.new("twemproxy", {"a", "b"}, {["hash-tag"] = "{}"})):get("{k}y"), "options are given by name")
check(assert(ketama.new("hash-ring", {})):get("k") == nil, "no server is nil")
check(assert(ketama.new("hash-ring", {})):get_many({"k"})[1] == false, "no server in a batch is false")
check(assert(ketama.new("cassandra", {{name = "a", tokens = {0}}})):get("k") == "a", "tokens are passed on")
check(assert(ketama.parse("10.0.1.1:11211 600\n")):dialect() == "libketama", "a list is read from text")
check(assert(ketama.open(list)):get("0") ~= nil, "a list is read from a file")
check(ketama.version():match("^%d+%.%d+%.%d+$"), "the library tells its version")

-- Failures.
local none, text, status = ketama.open("/nonexistent/list")
check(none == nil and text:find("nonexistent", 1, true) and status == 2, "a missing file is nil, a text and a status")
check(select(3, ketama.new("nobody's", three)) == 4, "an unknown dialect has its status")
check(not pcall(ketama.new, "twemproxy", {"a\0b"}), "a name with a NUL byte is an error of the program")

-- States.
check(ring:states()[order[1]] == "up", "servers are up")
check(ring:mark(order[1], true) and ring:states()[order[1]] == "down", "a server is taken out by hand")
check(ring:get("k") == order[2] and same(ring:get_n("k", 3), {order[2], order[3]}), "look-ups obey")
check(same(ring:get_many({"k"}), {order[2]}), "batches obey")
check(ring:mark(order[1], false) and ring:get("k") == order[1], "a server is put back")
check(ring:failed(order[1]) and ring:states()[order[1]] == "out" and ring:get("k") == order[2], "failures eject")
check(select(2, ring:failed("nobody")) == "no server nobody", "an unknown name is said")
check(ring:watch("fail") and ring:get("k") == order[1] and ring:mark(order[1], true) and ring:get("k") == nil, "keys are refused")
check(ring:watch("next-server") and ring:mark(order[1], true) and ring:get("k") == order[2], "the next server serves")
check(not pcall(ring.watch, ring, "no policy"), "an unknown policy is an error of the program")
local listed = assert(ketama.new("hash-ring", {{name = "a", down = true}, "b"}))
check(listed:states().a == "down" and listed:get("k") == "b", "a server that is down in the list is down")

-- Handles.
local followed = list .. ".followed"
local function put(content)
    local file = assert(io.open(followed .. ".new", "w"))
    file:write(content)
    file:close()
    assert(os.rename(followed .. ".new", followed))
end
put("10.0.1.1:11211 600\n")
local handle = assert(ketama.follow(followed))
local first = handle.ring
check(#first:servers() == 1 and handle:refresh() == first, "an unchanged file keeps its ring")
put("10.0.1.1:11211 600\n10.0.1.2:11211 300\n")
check(#handle:refresh():servers() == 2 and #handle.ring:servers() == 2, "a changed file has another ring")
check(#first:servers() == 1 and first:get("k") == "10.0.1.1:11211", "a ring that is held stays")
put("10.0.1.1:11211 none\n")
local bad, reason = handle:refresh()
check(bad == nil and reason:find("line 1", 1, true) and #handle.ring:servers() == 2, "a bad file leaves the last good ring")
os.remove(followed)
check(ketama.follow(followed) == nil, "a missing file cannot be followed")

-- The interface of lua_ketama.
local old = assert(ketama.roll(list))
local opened = assert(ketama.open(list))
for i = 1, 1000 do
    local ip, point = old:get_server(tostring(i))
    if ip ~= opened:get(tostring(i)) or not (point >= 0) then check(false, "both interfaces agree on " .. i) end
end
check(old:hashi("a") == 3111502092 and old:hashi("my_key") == 1793382046, "hashi is the first word of MD5")
check(old:md5digest("abc") == "900150983cd24fb0d6963f7d28e17f72", "md5digest is RFC 1321's for abc")
check(old:md5_digest("") == "d41d8cd98f00b204e9800998ecf8427e", "md5_digest is RFC 1321's for the empty text")
local _, p1 = old:get_server("1")
local _, p2 = old:get_server("2")
check(old:compare("1", "2") == (p1 < p2 and -1 or p1 > p2 and 1 or 0), "compare compares points")
check(old:compare("1", "1") == 0, "compare gives 0 for the same point")
old:smoke()
old:smoke()
check(old:get_server("1") == nil, "nothing is found after smoke")
local no, why, code = ketama.roll(wrong)
check(no == nil and #why > 0 and code == 0, "a wrong list is nil, a text and 0")
for _ = 1, 300 do assert(ketama.roll(list)); assert(ketama.new("hash-ring", three)):mark("10.0.1.1:11211", true) end
collectgarbage()
collectgarbage()
if arg[4] == "print" then assert(ketama.roll(list)):print_continuum() end

print(("%d checks and %d recorded answers, %d failures"):format(checks, answers, failures))
os.exit(failures == 0 and 0 or 1, true)
