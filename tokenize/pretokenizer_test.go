package tokenize

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// patternsOf are the regular expressions that the matchers in the table stand for. In sets with white space outside
// ASCII it is left out, as llama.cpp does.
var patternsOf = map[string][]string{
	"default":        {`[\p{P}$+<=>^~|]+`, gpt2Pattern, `\p{N}+`, `[0-9][0-9][0-9]`},
	"falcon":         {"[\\p{P}$+<=>^~|`]+", gpt2Pattern, `[0-9][0-9][0-9]`},
	"gpt-2":          {gpt2Pattern},
	"starcoder":      {`\p{N}`, gpt2Pattern},
	"llama-bpe":      {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}+)|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"qwen2":          {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}+)|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"qwen35":         {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"bailingmoe":     {`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`},
	"ufakzeka":       {`[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"seed-coder":     {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"exaone-moe":     {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+`},
	"minicpm5":       {`\p{N}{1,3}`, `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"laguna":         {`[^\n]+|[\n]+`, `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}+)|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"jais-2":         {`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}`},
	"gpt-4o":         {casedPattern(`(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, `{1,3}`, `[\r\n/]*`)},
	"tekken":         {casedPattern(``, ``, `[\r\n/]*`)},
	"kimi-k2":        {`[\p{Han}]+|` + strings.ReplaceAll(casedPattern(`(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, `{1,3}`, `[\r\n]*`), `\p{M}]`, `\p{M}&&[^\p{Han}]]`)},
	"youtu":          {`[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏&&\S]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+`, casedPattern(`(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, ``, `[\r\n/]*`)},
	"deepseek-llm":   {`[\r\n]`, `\s?[` + casedLetters + `]+`, `\s?[!-/:-~！-／：-～‘-‟\u3000-。&&\S]+`, `\s+$`, `[一-龥ࠀ-一가-퟿&&\S]+`, `\p{N}+`},
	"deepseek-coder": {`[\r\n]`, `\s?\p{L}+`, `\s?\p{P}+`, `[一-龥ࠀ-一가-퟿&&\S]+`, `\p{N}`},
	"deepseek-v3":    {`\p{N}{1,3}`, `[一-龥぀-ゟ゠-ヿ]+`, deepseekPattern(`[\r\n]*`, `\s*[\r\n]+`)},
	"spark2_5":       {`\p{N}{1,3}`, `[一-龥぀-ゟ゠-ヿ]+`, deepseekPattern(``, `[\r\n]`), `\p{N}`},
	"bloom":          {` ?[^(\s|.,!?…。，、।۔،)]+`},
	"viking":         {` ?[^(\s|.,!?…。，、।۔،)]+`, `\p{N}`},
	"chameleon":      {`<sentinel:[0-9]+>`, `IMGIMG[A-I]{1,4}Z`, `[\t\n]|    |  `, `\p{N}`, "[\\p{P}!-/:-@\\[-`{-~]", gpt2Pattern},
}

const gpt2Pattern = `(?:'s|'t|'re|'ve|'m|'ll|'d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

func casedPattern(contraction, digits, tail string) string {
	u, l := `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
	return `[^\r\n\p{L}\p{N}]?` + u + `*` + l + `+` + contraction + `|[^\r\n\p{L}\p{N}]?` + u + `+` + l + `*` + contraction +
		`|\p{N}` + digits + `| ?[^\s\p{L}\p{N}]+` + tail + `|\s*[\r\n]+|\s+(?!\S)|\s+`
}

func deepseekPattern(tail, lineEnds string) string {
	return "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+" +
		tail + "|" + lineEnds + "|\\s+(?!\\S)|\\s+"
}

// TestPreTokenizersMatchTheirPatterns cuts random texts by hand-written matchers and by compiled expressions.
func TestPreTokenizersMatchTheirPatterns(t *testing.T) {
	parts := []string{"a", "word", "UPPER", "Title", "cAmEl", "'s", "'LL", "'x", "'", " ", "  ", "   ", strings.Repeat(" ", 9), "\n", "\n\n", "\r\n",
		"\t", "1", "12", "1234", "½", "é", "É", "e\u0301", "\u0301", "ǅ", "ʰ", "漢字", "あいう", "カタ", "가나", "ㄅㄆ", "！", "。", "‘", "…", "!", "!?", "<|>",
		"$", "+", "=", "/", "_", "`", "<sentinel:12>", "IMGIMGABZ", "IMGIMG", "\u00a0", "\u2003", "\x00", "\u200d", "🦙", "١٢٣٤", "Ⅷ", "नमस्ते"}
	rng := rand.New(rand.NewPCG(5, 6))
	for name, exprs := range patternsOf {
		var want []splitter
		for _, expr := range exprs {
			m, err := compilePattern(expr)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want = append(want, isolate(m))
		}
		pre, err := preTokenizerFor(name)
		if err != nil {
			t.Fatal(err)
		}
		got := stagesOf(pre)
		for range 3000 {
			var b strings.Builder
			for range 1 + rng.IntN(10) {
				b.WriteString(parts[rng.IntN(len(parts))])
			}
			text := b.String()
			g, _ := split(got, text, nil, nil)
			w, _ := split(want, text, nil, nil)
			if !slices.Equal(g, w) {
				t.Errorf("%s cuts %q into %q, want %q", name, text, cutAt(text, g), cutAt(text, w))
				break
			}
		}
	}
}

func stagesOf(p *preTokenizer) []splitter {
	if p.match != nil {
		return []splitter{isolate(p.match)}
	}
	return p.stages()
}

func cutAt(s string, ends []int) (parts []string) {
	start := 0
	for _, end := range ends {
		parts = append(parts, s[start:end])
		start = end
	}
	return parts
}

func TestDigitGroups(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"tiny_aya", "12345", []string{"12", "345"}},
		{"tiny_aya", "123456", []string{"123", "456"}},
		{"tiny_aya", "1234ab", []string{"123", "4", "ab"}}, // no word border behind the digits: the next pattern cuts
		{"superbpe", "x1234567", []string{"x", "1", "234", "567"}},
		{"afmoe", "1234 12", []string{"1", "234", " ", "12"}},
	} {
		pre, err := preTokenizerFor(c.name)
		if err != nil {
			t.Fatal(err)
		}
		ends, _ := split(stagesOf(pre), c.in, nil, nil)
		if got := cutAt(c.in, ends); !slices.Equal(got, c.want) {
			t.Errorf("%s cuts %q into %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// TestPreTokenizersCover checks for every name that the pieces are not empty and make up the text.
func TestPreTokenizersCover(t *testing.T) {
	for _, name := range PreTokenizers() {
		pre, err := preTokenizerFor(name)
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range adversarial(3000) {
			ends, _ := split(stagesOf(pre), text, nil, nil)
			last := 0
			for _, end := range ends {
				if end <= last {
					t.Errorf("%s, %s: piece from %d to %d", name, what, last, end)
				}
				last = end
			}
			if last != len(text) {
				t.Errorf("%s, %s: the pieces end at %d of %d", name, what, last, len(text))
			}
		}
	}
}
