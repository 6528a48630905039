"""A node of an EVM chain that lies: it passes questions on to a real one, and changes the answers that the file MODE names.

usage: hostile_node.py NODE_URL PORT_FILE MODE_FILE TASKS

MODE_FILE holds words, read anew for each question:
  chain      another chain's number
  code       other code, of whatever contract
  empty      calls of the precompile at 0x100 succeed, and answer nothing
  hidden     no transaction has a receipt
  paid       every task of the contract TASKS is open, and paid up to its last step
  open       every task is open, and nothing of it paid
  stale      the newest block is the one of the first question with this word
"""
import http.server
import json
import sys
import urllib.request

node, port_file, mode_file, tasks = sys.argv[1:]
frozen = {}


def word(number):
    return "0x%064x" % number


def lie(mode, question, answer):
    """The answer as this mode has it."""
    method, params = question["method"], question.get("params", [])
    called = params[0] if method == "eth_call" else {}
    to, asks_paid = called.get("to", ""), len(called.get("data", "")) == 2 + 2 * 36
    if "chain" in mode and method == "eth_chainId":
        return "0x1"
    if "code" in mode and method == "eth_getCode":
        return answer["result"][:-2] + "00"
    if "empty" in mode and to.endswith("0100") and int(to, 16) == 0x100:
        return "0x"
    if "hidden" in mode and method == "eth_getTransactionReceipt":
        return None
    if "paid" in mode and to == tasks and asks_paid:
        return word(65536)
    if "open" in mode and to == tasks and asks_paid:
        return word(1)
    if "stale" in mode and method == "eth_blockNumber":
        return frozen.setdefault("head", answer["result"])
    return answer["result"]


class Liar(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)
        request = urllib.request.Request(node, body, {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request))
        with open(mode_file) as file:
            mode = file.read().split()
        if "stale" not in mode:
            frozen.clear()
        if "result" in answer:
            answer["result"] = lie(mode, question, answer)
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
with open(port_file, "w") as file:
    file.write("%d\n" % server.server_port)
server.serve_forever()
