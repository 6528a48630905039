"""Schema of the dashboard: what Grafana would accept, and what an operator can read.

usage: dashboard.py check ROOT [FILE]   exit status 1 with one line for each finding
       dashboard.py selftest ROOT       exit status 1 unless each of a list of faults is found

Grafana is not needed: the checks are those of its model for schemaVersion 39, for the panels that are used here.
"""
import copy
import json
import re
import sys

COLUMNS = 24
KINDS = {"row", "stat", "timeseries", "table"}
# Units of Grafana (packages/grafana-data, valueFormats/categories).
UNITS = {"none", "short", "percentunit", "percent", "s", "ms", "bytes", "decbytes", "Bps", "cps", "bool_yes_no",
         "dateTimeFromNow", "dateTimeAsIso"}
COLOURS = {"green", "yellow", "orange", "red", "blue", "purple", "text"}
PANEL = {"id", "type", "title", "description", "gridPos", "datasource", "fieldConfig", "options", "targets",
         "transformations", "collapsed", "panels"}
TARGET = {"refId", "expr", "legendFormat", "format", "instant"}
DEFAULTS = {"unit", "thresholds", "custom"}
PROPERTIES = {"unit", "displayName", "thresholds", "custom.cellOptions"}
MATCHERS = {"byName", "byRegexp"}
TRANSFORMATIONS = {"merge", "organize"}
BOARD = {"title", "uid", "schemaVersion", "version", "editable", "refresh", "time", "tags", "links", "templating",
         "annotations", "panels"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Labels that Prometheus adds.
TARGET_LABELS = {"job", "instance"}
METRIC = r"\b(?:assay|process)_[a-z_]+"


def metrics(root):
    """{name: labels} of the reference, which another test compares with the code."""
    page = open(root + "/docs/reference/metrics.md", encoding="utf-8").read()
    return {name: set(re.findall(r"`(\w+)`", labels))
            for name, labels in re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*) \|", page, re.M)}


def thresholds(value, where, wrong):
    steps = value.get("steps", [])
    bounds = [step.get("value") for step in steps]
    if value.get("mode") not in ("absolute", "percentage") or len(steps) < 2:
        wrong.append("%s: thresholds without a mode, or fewer than two steps" % where)
    elif bounds[0] is not None or None in bounds[1:] or any(a >= b for a, b in zip(bounds[1:], bounds[2:])):
        wrong.append("%s: thresholds do not begin with null, or do not ascend: %s" % (where, bounds))
    for step in steps:
        if step.get("color") not in COLOURS:
            wrong.append("%s: colour %s" % (where, step.get("color")))


def field_config(panel, where, wrong):
    config = panel.get("fieldConfig", {})
    defaults = config.get("defaults", {})
    if set(config) != {"defaults", "overrides"} or not set(defaults) <= DEFAULTS:
        wrong.append("%s: fieldConfig has %s" % (where, sorted(set(config) | set(defaults))))
    units = [defaults.get("unit")]
    if "thresholds" in defaults:
        thresholds(defaults["thresholds"], where, wrong)
    for override in config.get("overrides", []):
        if override.get("matcher", {}).get("id") not in MATCHERS or not override.get("properties"):
            wrong.append("%s: an override without a matcher or properties" % where)
        for item in override.get("properties", []):
            if item.get("id") not in PROPERTIES:
                wrong.append("%s: property %s" % (where, item.get("id")))
            elif item["id"] == "unit":
                units.append(item.get("value"))
            elif item["id"] == "thresholds":
                thresholds(item.get("value", {}), where, wrong)
    for unit in units:
        if unit not in UNITS:
            wrong.append("%s: unit %s" % (where, unit))
    if panel["type"] == "stat" and "thresholds" not in defaults and panel["title"] != "Epoch":
        wrong.append("%s: a stat without thresholds" % where)


def query(expr, known, where, wrong):
    """Names and labels of one query. Returns: labels that its result can have."""
    names = re.findall(METRIC, expr)
    labels = set(TARGET_LABELS)
    if not names:
        wrong.append("%s: no metric in %s" % (where, expr))
    for name in names:
        if name not in known:
            wrong.append("%s: no metric %s" % (where, name))
        labels |= known.get(name, set())
    for name, selector in re.findall(METRIC.replace("(?:", "((?:", 1) + r")\{([^}]*)\}", expr):
        for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', selector):
            if label not in known.get(name, set()) | TARGET_LABELS:
                wrong.append("%s: %s has no label %s" % (where, name, label))
    for group in re.findall(r"\b(?:by|without|on|ignoring|group_left) \(([^)]*)\)", expr):
        for label in re.findall(r"\w+", group):
            if label not in labels:
                wrong.append("%s: nothing in it has a label %s" % (where, label))
    by = re.match(r"\w+ by \(([^)]*)\)", expr)
    if expr.count("(") != expr.count(")") or expr.count("{") != expr.count("}"):
        wrong.append("%s: brackets of %s" % (where, expr))
    return set(re.findall(r"\w+", by[1])) if by else labels


def targets(panel, known, where, wrong):
    refs = [target.get("refId") for target in panel.get("targets", [])]
    if not refs or len(set(refs)) != len(refs) or not all(re.fullmatch("[A-Z]", ref or "") for ref in refs):
        wrong.append("%s: refIds %s" % (where, refs))
    for target in panel.get("targets", []):
        at = "%s %s" % (where, target.get("refId"))
        if not set(target) <= TARGET:
            wrong.append("%s: unknown members %s" % (at, sorted(set(target) - TARGET)))
        labels = query(target.get("expr", ""), known, at, wrong)
        for label in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
            if label not in labels:
                wrong.append("%s: no label %s for the legend" % (at, label))
        if panel["type"] == "timeseries" and not target.get("legendFormat"):
            wrong.append("%s: no legend" % at)
        if panel["type"] == "table" and (target.get("format"), target.get("instant")) != ("table", True):
            wrong.append("%s: a table needs an instant query of that format" % at)


def place(panel, taken, where, wrong):
    grid = panel.get("gridPos", {})
    if set(grid) != {"x", "y", "w", "h"} or not all(isinstance(v, int) and v >= 0 for v in grid.values()):
        wrong.append("%s: gridPos %s" % (where, grid))
        return
    if grid["w"] < 1 or grid["h"] < 1 or grid["x"] + grid["w"] > COLUMNS:
        wrong.append("%s: beyond the %d columns: %s" % (where, COLUMNS, grid))
    for other, title in taken:
        if (grid["x"] < other["x"] + other["w"] and other["x"] < grid["x"] + grid["w"] and
                grid["y"] < other["y"] + other["h"] and other["y"] < grid["y"] + grid["h"]):
            wrong.append("%s: overlaps %s" % (where, title))
    taken.append((grid, where))


def one_panel(panel, known, where, wrong):
    if panel.get("type") not in KINDS or not panel.get("title") or not set(panel) <= PANEL:
        wrong.append("%s: type %s, members %s" % (where, panel.get("type"), sorted(set(panel) - PANEL)))
        return
    if panel["type"] == "row":
        if panel.get("collapsed") is not False or panel.get("panels") != [] or panel["gridPos"].get("w") != COLUMNS:
            wrong.append("%s: a row that is not open, empty and of full width" % where)
        return
    if panel.get("datasource") != SOURCE:
        wrong.append("%s: datasource %s" % (where, panel.get("datasource")))
    if not panel.get("description"):
        wrong.append("%s: no description" % where)
    for item in panel.get("transformations", []):
        if item.get("id") not in TRANSFORMATIONS or not isinstance(item.get("options"), dict):
            wrong.append("%s: transformation %s" % (where, item.get("id")))
    field_config(panel, where, wrong)
    targets(panel, known, where, wrong)


def variables(board, known, wrong):
    defined = {v.get("name") for v in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)\}?", json.dumps(board))) - {"__all"}
    if used != defined:
        wrong.append("variables: used %s, defined %s" % (sorted(used), sorted(defined)))
    for variable in board["templating"]["list"]:
        if variable.get("type") == "query":
            name, label = re.fullmatch(r"label_values\((\w+)[^,]*, (\w+)\)", variable["query"]).groups()
            if name not in known or label not in known[name] | TARGET_LABELS:
                wrong.append("variable %s: %s has no label %s" % (variable["name"], name, label))


def findings(board, known):
    wrong, taken, rows = [], [], 0
    if set(board) != BOARD or board.get("schemaVersion") != 39:
        wrong.append("board: members %s, schemaVersion %s" % (sorted(set(board) ^ BOARD), board.get("schemaVersion")))
    ids = [panel.get("id") for panel in board["panels"]]
    if len(set(ids)) != len(ids) or not all(isinstance(i, int) and i > 0 for i in ids):
        wrong.append("ids: %s" % ids)
    titles = [panel.get("title") for panel in board["panels"]]
    if len(set(titles)) != len(titles):
        wrong.append("titles: one twice")
    if board["panels"][0].get("type") != "row":
        wrong.append("panels: one before the first row")
    for panel in board["panels"]:
        where = "panel %s" % panel.get("title")
        rows += panel.get("type") == "row"
        place(panel, taken, where, wrong)
        one_panel(panel, known, where, wrong)
    if rows < 2:
        wrong.append("rows: %d" % rows)
    variables(board, known, wrong)
    return wrong


def first(board, kind):
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def set_expr(text):
    def change(board):
        first(board, "timeseries")["targets"][0]["expr"] = text
    return change


# What the check must find: a word of the finding, and what brings it about.
FAULTS = [
    ("ids", lambda b: b["panels"][3].update(id=b["panels"][2]["id"])),
    ("titles", lambda b: b["panels"][3].update(title=b["panels"][2]["title"])),
    ("overlaps", lambda b: b["panels"][3]["gridPos"].update(x=2)),
    ("columns", lambda b: b["panels"][6]["gridPos"].update(w=5)),
    ("gridPos", lambda b: b["panels"][6]["gridPos"].pop("h")),
    ("unit", lambda b: first(b, "stat")["fieldConfig"]["defaults"].update(unit="seconds")),
    ("unit", lambda b: first(b, "table")["fieldConfig"]["overrides"][1]["properties"][1].update(value="time")),
    ("ascend", lambda b: first(b, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"].append(
        {"color": "red", "value": 0.5})),
    ("null", lambda b: first(b, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][0].update(value=0)),
    ("colour", lambda b: first(b, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][0].update(color="rot")),
    ("without thresholds", lambda b: first(b, "stat")["fieldConfig"]["defaults"].pop("thresholds")),
    ("no metric assay_nothing", set_expr('assay_nothing{job="assay"}')),
    ("has no label band", set_expr('assay_nodes{band="full"}')),
    ("has a label chain", set_expr("max by (chain) (assay_nodes)")),
    ("for the legend", lambda b: first(b, "timeseries")["targets"][0].update(legendFormat="{{band}}")),
    ("for the legend", set_expr("sum by (instance) (assay_nodes)")),
    ("brackets", set_expr("sum (assay_nodes")),
    ("no legend", lambda b: first(b, "timeseries")["targets"][0].update(legendFormat="")),
    ("refIds", lambda b: first(b, "timeseries")["targets"].append(first(b, "timeseries")["targets"][0])),
    ("instant", lambda b: first(b, "table")["targets"][0].pop("instant")),
    ("transformation", lambda b: first(b, "table")["transformations"][0].update(id="join")),
    ("type", lambda b: first(b, "stat").update(type="singlestat")),
    ("datasource", lambda b: first(b, "stat").pop("datasource")),
    ("description", lambda b: first(b, "stat").update(description="")),
    ("full width", lambda b: b["panels"][0].update(collapsed=True)),
    ("first row", lambda b: b["panels"].pop(0)),
    ("variables", lambda b: b["templating"]["list"].pop(1)),
    ("variable chain", lambda b: b["templating"]["list"][1].update(query="label_values(assay_node_info, band)")),
    ("schemaVersion", lambda b: b.update(schemaVersion=16)),
]


def load(root, path=None):
    return json.load(open(path or root + "/docs/monitoring/dashboard.json", encoding="utf-8"))


def check(root, path=None):
    wrong = findings(load(root, path), metrics(root))
    for line in wrong:
        print("dashboard: " + line)
    print("dashboard: %d panels, %d findings" % (len(load(root, path)["panels"]), len(wrong)))
    return 1 if wrong else 0


def selftest(root):
    board, known, missed = load(root), metrics(root), 0
    for word, fault in FAULTS:
        copied = copy.deepcopy(board)
        fault(copied)
        found = findings(copied, known)
        if not any(word in line for line in found):
            missed += 1
            print("dashboard: nothing with '%s' in %s" % (word, found))
    print("dashboard: %d of %d faults found" % (len(FAULTS) - missed, len(FAULTS)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit({"check": check, "selftest": selftest}[sys.argv[1]](*sys.argv[2:]))
