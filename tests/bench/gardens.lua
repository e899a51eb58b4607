-- wrk: one garden after the other, as many kiosks ask. GARDENS comes by the environment.
local emotions = { "happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad" }
local gardens = tonumber(os.getenv("GARDENS"))
local i = 0

function request()
    i = (i + 1) % gardens
    local body = string.format('{"id":"bench","emotion":"%s/g%04d"}', emotions[i % 8 + 1], i)
    return wrk.format("POST", "/gardenfromDB", { ["Content-Type"] = "application/json" }, body)
end
