package ember_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed64708441/ember"

// layers says what a package, and those below it that have no row of their own, may import of this module. A folder
// stands for all packages below it. Packages below model/ that are not listed here need a row.
var layers = map[string][]string{
	"tensor":                      {},
	"tensor/mem":                  {},
	"tensor/quant":                {"tensor"},
	"tensor/tensortest":           {"tensor"},
	"ops":                         {},
	"ops/ref":                     {"ops"},
	"backend":                     {"ops", "tensor", "tensor/mem"},
	"backend/backendtest":         {"backend", "ops", "ops/ref", "tensor", "tensor/mem", "tensor/quant"},
	"backend/cpu":                 {"backend", "ops", "tensor", "tensor/mem", "tensor/quant", "backend/cpu/internal/kernel"},
	"backend/cpu/internal/kernel": {"tensor", "tensor/quant"},
	"tokenize":                    {},
	"tokenize/chat":               {"tokenize/chat/jinja"},
	"tokenize/chat/jinja":         {},
	"model/sample":                {},
	"model/grammar":               {},
	"model/kv":                    {"backend"},
	"model/gguf":                  {"tensor", "tensor/mem"},
	"model/arch":                  {"ops", "tensor"},
	"model/testmodel":             {"model/gguf", "tensor", "tensor/quant"},
	"model": {
		"backend", "backend/cpu", "model/arch", "model/gguf", "model/grammar", "model/kv", "model/sample",
		"ops", "tensor", "tensor/mem", "tensor/quant", "tokenize", "tokenize/chat",
	},
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
	seen := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(f[0], module), "/")
		if strings.HasPrefix(name, "examples") || strings.HasPrefix(name, "benchmarks") {
			continue
		}
		may, ok := layers[name]
		if !ok && name != "" {
			t.Errorf("package %s has no row in the table", name)
			continue
		}
		seen++
		for _, imp := range f[1:] {
			switch own, is := strings.CutPrefix(imp, module+"/"); {
			case is && !slices.Contains(may, own):
				t.Errorf("%s imports %s: it may import %v", name, own, may)
			case imp == "C" || imp == "net" || strings.HasPrefix(imp, "net/") || imp == "os/exec" || imp == "plugin":
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
	if seen < len(layers)-1 {
		t.Errorf("%d packages seen, the table has %d", seen, len(layers))
	}
}
