// packaging/kubernetes/render.go - renders the chart as Helm does, as far as its templates go: text/template with the
// functions toJson and sha256sum, and the objects .Values, .Release and .Chart. No Helm is needed.
//
//	render CHART RELEASE NAMESPACE <values.json
//
// values.json are the values as one JSON document; render.py makes it of values.yaml and of files with other values.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
)

func toJSON(value any) (string, error) {
	raw, err := json.Marshal(value)
	return string(raw), err
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: render CHART RELEASE NAMESPACE <values.json")
		os.Exit(2)
	}
	var values map[string]any
	fail(json.NewDecoder(os.Stdin).Decode(&values))
	objects := map[string]any{
		"Values":  values,
		"Release": map[string]any{"Name": os.Args[2], "Namespace": os.Args[3]},
		"Chart":   map[string]any{"Name": "assay"},
	}
	functions := template.FuncMap{
		"toJson":    toJSON,
		"sha256sum": func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
	}
	names, err := filepath.Glob(filepath.Join(os.Args[1], "templates", "*.yaml"))
	fail(err)
	sort.Strings(names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		fail(err)
		one, err := template.New(filepath.Base(name)).Option("missingkey=error").Funcs(functions).Parse(string(text))
		fail(err)
		var out strings.Builder
		fail(one.Execute(&out, objects))
		fmt.Printf("---\n# Source: assay/templates/%s\n%s\n", filepath.Base(name), strings.TrimSpace(out.String()))
	}
}
