package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkTiles reports what the models of llvm-mca (17 or later) say about the inner loops of the products: products
// of a weight and an activation for each cycle. Run it with
//
//	go test ./arm64 -run - -bench Tiles -benchtime 1x
//
// It is no measurement: loads hit the first-level cache, and nothing mispredicts. On a machine with the instructions
// BenchmarkMatMul of package kernel measures.
func BenchmarkTiles(b *testing.B) {
	tool, err := exec.LookPath("llvm-mca")
	if err != nil {
		b.Skip("llvm-mca is not installed")
	}
	for _, f := range families {
		layout, ok := strings.CutPrefix(f.name, "matmul_")
		if !ok {
			continue
		}
		g := &generator{level: f.level, suffix: suffixes[f.level]}
		f.gen(g)
		for _, loop := range innerLoops(g.body.String()) {
			n := products(loop.body)
			if n < 256 { // tails
				continue
			}
			for _, cpu := range []string{"neoverse-n1", "neoverse-v1", "neoverse-v2"} {
				b.Run(fmt.Sprintf("type=%s/level=%s/line=%d/cpu=%s", layout, f.level, loop.line, cpu), func(b *testing.B) {
					for b.Loop() {
						b.ReportMetric(n/cycles(b, tool, cpu, loop.body), "products/cycle")
					}
				})
			}
		}
	}
}

// loop is one without another inside; line is that of its label in the function.
type loop struct {
	line int
	body []string
}

var (
	labelLine  = regexp.MustCompile(`^(\w+):$`)
	branchLine = regexp.MustCompile(`^B\w* (?:\w+, )?(\w+)$`)
)

// innerLoops finds the loops of generated text.
func innerLoops(text string) []loop {
	var found []loop
	lines := strings.Split(text, "\n")
	at := map[string]int{}
	last := -1 // the label of the last loop found
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if m := labelLine.FindStringSubmatch(line); m != nil {
			at[m[1]] = i
		} else if m := branchLine.FindStringSubmatch(line); m != nil {
			if start, ok := at[m[1]]; ok && start > last {
				found = append(found, loop{start, lines[start+1 : i]})
				last = start
			}
		}
	}
	return found
}

// products counts the products of an iteration.
func products(body []string) float64 {
	n := map[string]float64{}
	for _, line := range body {
		if _, text, ok := strings.Cut(line, "// "); ok {
			n[strings.Fields(text)[0]]++
		}
	}
	if sum := 16*n["sdot"] + 32*n["smmla"]; sum > 0 {
		return sum
	}
	if n["smlal2"] > 0 {
		return 8 * (n["smull"] + n["smull2"] + n["smlal"] + n["smlal2"])
	}
	return 4 * n["fmla"]
}

// gnu has rules that turn the Go assembler's loads, stores and additions into what llvm-mca reads. Branches and moves
// of constants are left out.
var gnu = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`^WORD \S+ // (.*)`), "$1"},
	{regexp.MustCompile(`^FMOV(\w) \(R(\d+)\)\(R(\d+)\), F(\d+)`), "ldr $1$4, [x$2, x$3]"},
	{regexp.MustCompile(`^FMOV(\w) (-?\d*)\(R(\w+)\), F(\d+)`), "ldr $1$4, [x$3, #+$2]"},
	{regexp.MustCompile(`^FMOV(\w) F(\d+), (-?\d*)\(R(\w+)\)`), "str $1$2, [x$4, #+$3]"},
	{regexp.MustCompile(`^(ADD|SUB)S? \$(\d+), R(\d+), R(\d+)`), "$1 x$4, x$3, #$2"},
	{regexp.MustCompile(`^ADD R(\d+), R(\d+), R(\d+)`), "add x$3, x$2, x$1"},
}

// cycles returns those of an iteration.
func cycles(b *testing.B, tool, cpu string, body []string) float64 {
	var asm []string
	for _, line := range body {
		for _, rule := range gnu {
			if line = strings.TrimSpace(line); rule.from.MatchString(line) {
				s := strings.ToLower(rule.from.ReplaceAllString(line, rule.to))
				s = strings.NewReplacer("xsp", "sp", "#+]", "#0]", "#+-", "#-", "#+", "#").Replace(s)
				asm = append(asm, s)
				break
			}
		}
	}
	const iterations = 50
	cmd := exec.Command(tool, "-mtriple=aarch64", "-mcpu="+cpu, "-mattr=+dotprod,+i8mm", "-iterations="+strconv.Itoa(iterations),
		"-instruction-info=0", "-resource-pressure=0")
	cmd.Stdin = strings.NewReader(strings.Join(asm, "\n"))
	out, err := cmd.CombinedOutput()
	m := regexp.MustCompile(`Total Cycles:\s+(\d+)`).FindSubmatch(out)
	if err != nil || m == nil {
		b.Fatalf("llvm-mca: %v\n%s", err, out)
	}
	total, err := strconv.Atoi(string(m[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(total) / iterations
}

// TestInnerLoops holds what the benchmark reads from generated text.
func TestInnerLoops(t *testing.T) {
	text := "outer1:\n\tADD $1, R0, R0\ninner2:\n\tWORD $0x1 // sdot v0.4s, v1.16b, v2.4b[0]\n\tSUBS $1, R1, R1\n\tBNE inner2\n\tCBNZ R2, outer1\n"
	got := innerLoops(text)
	if len(got) != 1 || got[0].line != 2 || !slices.Contains(got[0].body, "\tSUBS $1, R1, R1") || products(got[0].body) != 16 {
		t.Errorf("loops are %+v, want the inner one", got)
	}
}
