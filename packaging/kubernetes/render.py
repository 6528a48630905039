#!/usr/bin/env python3
"""packaging/kubernetes/render.py - manifests of the chart without Helm: values.yaml and the files given, by render.go.

usage: render.py [--release NAME] [--namespace NAME] [VALUES.yaml ...] >assay.yaml

Files are merged as Helm does: sections by their keys; lists and values of a later file replace those before. A value that
values.yaml does not have is refused, except in sections whose keys are the operator's own. Go and python3-yaml are needed. tests/integration/kubernetes checks that manifests/assay.yaml is what this prints of the defaults.
"""
import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
OPEN = ("nodeSelector", "settings", "resources")  # sections whose keys are the operator's own


def merge(values, other):
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value
    return values


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            values = yaml.safe_load(file) or {}
    except OSError as error:
        raise SystemExit("render.py: %s: %s" % (path, error.strerror)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SystemExit("render.py: %s: expected YAML: %s" % (path, str(error).replace("\n", " "))) from error
    if not isinstance(values, dict):
        raise SystemExit("render.py: %s: expected a mapping of values" % path)
    return values


def check_known(values, known, path, section=""):
    """Ends the program at a value that the chart does not use."""
    for key, value in values.items():
        name = "%s%s" % (section, key)
        if key not in known:
            raise SystemExit("render.py: %s: %s: unknown value, expected one of %s" % (path, name, ", ".join(known)))
        if isinstance(known[key], dict) and name not in OPEN:
            if not isinstance(value, dict):
                raise SystemExit("render.py: %s: %s: expected a section with %s" % (path, name, ", ".join(known[key])))
            check_known(value, known[key], path, name + ".")


def values_of(paths):
    values = load(os.path.join(HERE, "chart/values.yaml"))
    known = copy.deepcopy(values)
    for path in paths:
        other = load(path)
        check_known(other, known, path)
        merge(values, other)
    return values


def render(values, release="assay", namespace="assay", chart=None):
    """The documents as one text. subprocess.CalledProcessError: a template is wrong, or a value is missing."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, GO111MODULE="off", CGO_ENABLED="0")
        environment.setdefault("GOCACHE", folder + "/cache")
        return subprocess.run(["go", "run", HERE + "/render.go", chart or HERE + "/chart", release, namespace],
                              input=json.dumps(values), check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", default="assay")
    parser.add_argument("--namespace", default="assay")
    parser.add_argument("values", nargs="*")
    options = parser.parse_args()
    try:
        sys.stdout.write(render(values_of(options.values), options.release, options.namespace))
    except FileNotFoundError:
        raise SystemExit("render.py: go is not installed") from None
    except subprocess.CalledProcessError:
        raise SystemExit("render.py: a template or a value is wrong") from None  # stderr has which


if __name__ == "__main__":
    main()
