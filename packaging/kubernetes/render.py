#!/usr/bin/env python3
"""packaging/kubernetes/render.py - manifests of the chart without Helm: values.yaml and the files given, by render.go.

usage: render.py [--release NAME] [--namespace NAME] [VALUES.yaml ...] >assay.yaml

Files are merged as Helm does: sections by their keys; lists and values of a later file replace those before. Go and
python3-yaml are needed. tests/integration/kubernetes checks that manifests/assay.yaml is what this prints of the defaults.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))


def merge(values, other):
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value
    return values


def values_of(paths):
    values = {}
    for path in [os.path.join(HERE, "chart/values.yaml"), *paths]:
        with open(path, encoding="utf-8") as file:
            merge(values, yaml.safe_load(file) or {})
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
    sys.stdout.write(render(values_of(options.values), options.release, options.namespace))


if __name__ == "__main__":
    main()
