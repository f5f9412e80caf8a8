package ember_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed64708441/ember"

// layers says what the packages of a folder may import of this module, besides each other. The longest row that fits a
// package counts: a folder stands for all packages below it that have no row of their own.
var layers = map[string][]string{
	"tensor":              {},
	"tensor/mem":          {},
	"tensor/quant":        {"tensor"},
	"tensor/tensortest":   {"tensor"},
	"ops":                 {},
	"ops/ref":             {"ops"},
	"backend":             {"ops", "tensor", "tensor/mem"},
	"backend/backendtest": {"backend", "ops", "ops/ref", "tensor", "tensor/mem", "tensor/quant"},
	"backend/cpu":         {"backend", "ops", "tensor", "tensor/mem", "tensor/quant"},
	"tokenize":            {},
	"tokenize/jsonschema": {},
	"tokenize/chat":       {"tokenize/jsonschema"},
	"model/sample":        {},
	"model/grammar":       {"tokenize/jsonschema"},
	"model/kv":            {"backend"},
	"model/gguf":          {"tensor", "tensor/mem"},
	"model/arch":          {"ops", "tensor"},
	"model/testmodel":     {"model/gguf", "tensor", "tensor/quant"},
	"model": {
		"backend", "backend/cpu", "model/arch", "model/gguf", "model/grammar", "model/kv", "model/sample",
		"ops", "tensor", "tensor/mem", "tensor/quant", "tokenize", "tokenize/chat", "tokenize/chat/jinja", "tokenize/chat/reply", "tokenize/chat/tool",
		"tokenize/jsonschema",
	},
}

// row returns the folder of the table that a package belongs to.
func row(name string) (folder string, ok bool) {
	for f := range layers {
		if (name == f || strings.HasPrefix(name, f+"/")) && len(f) > len(folder) {
			folder, ok = f, true
		}
	}
	return folder, ok
}

// TestImports holds the packages to the directions in which imports may point: what is computed knows no model, what is a
// model knows no backend but the default one, the tokenizer knows neither, and nobody imports the network or starts
// programs.
func TestImports(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(f[0], module), "/")
		if strings.HasPrefix(name, "examples") || strings.HasPrefix(name, "benchmarks") {
			continue
		}
		folder, ok := row(name)
		if !ok {
			if name != "" {
				t.Errorf("package %s has no row in the table", name)
			}
			continue
		}
		seen[folder] = true
		for _, imp := range f[1:] {
			own, is := strings.CutPrefix(imp, module+"/")
			home, _ := row(own)
			switch {
			case is && home != folder && !slices.Contains(layers[folder], own):
				t.Errorf("%s imports %s: it may import %v", name, own, layers[folder])
			case slices.Contains([]string{"C", "net", "net/http", "os/exec", "plugin"}, imp):
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
	if len(seen) < len(layers) {
		t.Errorf("%d folders of the table have packages, want all %d", len(seen), len(layers))
	}
}

// TestNoNetwork holds everything that a program with the core links to the same: no network, no processes, no plugins.
func TestNoNetwork(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	out, err := exec.Command("go", "list", "-deps", "./model").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, bad := range []string{"net", "net/http", "os/exec", "plugin", "runtime/cgo"} {
		if slices.Contains(deps, bad) {
			t.Errorf("model links %s", bad)
		}
	}
	if len(deps) < 20 {
		t.Errorf("only %d dependencies seen", len(deps))
	}
}
