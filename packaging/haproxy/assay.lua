-- /usr/share/assay/haproxy.lua - HAProxy requests of a node of the network whether the key of a TLS client is active
-- (docs/http.md 7), for HAProxy 2.5 and later with Lua.
--
--   global
--       setenv ASSAY_NODES "127.0.0.1:8080 127.0.0.1:8081"
--       lua-load /usr/share/assay/haproxy.lua
--   frontend, whose bind has ssl, ca-file and verify
--       http-request lua.assay normal
--       http-request deny unless { var(txn.assay) -m str allow }
--
-- ASSAY_NODES are addresses of nodes as HAProxy writes them, also unix@/PATH; the next one is requested while one does not
-- answer, or cannot tell. Each takes requests of this machine for those of relying parties (http.local_role: service).
-- The argument of the action is the class, normal or critical. It sets
--
--   txn.assay          allow, or deny: also when no node can tell
--   txn.assay_reason   header Assay-Reason of the answer; no_key without a certificate; no_answer of no node
--   txn.assay_member   node id of the member whose key it is; empty when it is denied
--
-- Nothing is kept: an answer that is kept outlives a suspension.

local nodes = {}
local first = 1 -- the node that decided last

for node in (os.getenv("ASSAY_NODES") or "127.0.0.1:8080"):gmatch("%S+") do nodes[#nodes + 1] = node end

-- The only values that the node takes; what follows goes into a URL.
local classes = { normal = true, critical = true }

local function header(answer, name)
    local values = answer.headers and answer.headers[name]
    return values and values[0] or ""
end

-- Answers that decide: of others (503, none at all) the next node is requested.
local function is_decided(answer)
    return answer ~= nil and (answer.status == 200 or answer.status == 401 or answer.status == 403)
end

local function request(node, class, certificate)
    local client = core.httpclient()
    local done, answer = pcall(client.get, client, {
        url = "http://localhost/v1/authorize?class=" .. class,
        dst = node,
        timeout = 5000,
        headers = { ["x-assay-certificate"] = { certificate }, ["host"] = { "localhost" } },
    })
    return done and answer or nil
end

local function decide(txn, class)
    local der = txn.f:ssl_c_der()
    if der == nil or der == "" then return "deny", "no_key", "" end
    local certificate = txn.c:base64(der)
    for turn = 0, #nodes - 1 do
        local at = (first + turn - 1) % #nodes + 1
        local answer = request(nodes[at], class, certificate)
        if is_decided(answer) then
            first = at
            if answer.status ~= 200 then return "deny", header(answer, "assay-reason"), "" end
            return "allow", header(answer, "assay-reason"), header(answer, "assay-member")
        end
    end
    return "deny", "no_answer", ""
end

core.register_action("assay", { "http-req" }, function(txn, class)
    if not classes[class] then
        core.Alert("assay: expected class normal or critical, found " .. tostring(class))
        class = "critical"
    end
    local verdict, reason, member = decide(txn, class)
    txn:set_var("txn.assay", verdict)
    txn:set_var("txn.assay_reason", reason)
    txn:set_var("txn.assay_member", member)
end, 1)
