"""Grafana's expressions as a file of rules, so that promtool can judge them: expressions.py DASHBOARD.json > RULES.yml"""

import json
import re
import sys


def expressions(panels):
    for panel in panels:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
        yield from expressions(panel.get("panels", []))


rules = []
for number, (title, expression) in enumerate(expressions(json.load(open(sys.argv[1]))["panels"])):
    for variable, value in {"$__rate_interval": "1m", "$__range": "1h", "$job": "copydesk", "$instance": ".*"}.items():
        expression = expression.replace(variable, value)
    # What Grafana would not fill in either.
    if left := re.search(r"\$\w+", expression):
        sys.exit(f"{sys.argv[1]}: {title}: no variable {left.group()}")
    rules.append({"record": f"panel:{number}", "expr": expression, "labels": {"title": title}})
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, sys.stdout, indent=1)
