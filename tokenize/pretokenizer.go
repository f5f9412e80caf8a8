package tokenize

import (
	"fmt"
	"slices"
	"strings"
)

// preTokenizer is a row of the table: how one or more named vocabularies cut text into words.
type preTokenizer struct {
	names  []string
	match  matcher           // the pattern, if there is one and its matches are the words
	stages func() []splitter // otherwise what cuts one after the other
	// whole and addBOS are what vocabularies of this name mean when their file does not say it: Config.IgnoreMerges and
	// Config.AddBOS.
	whole, addBOS bool
}

// PreTokenizers returns the names that Config.Pre may have, sorted.
func PreTokenizers() []string {
	var names []string
	for _, p := range preTokenizers {
		names = append(names, p.names...)
	}
	slices.Sort(names)
	return names
}

// preTokenizerFor finds a name in the table; "" is "default".
func preTokenizerFor(name string) (*preTokenizer, error) {
	if name == "" {
		name = "default"
	}
	for i := range preTokenizers {
		if slices.Contains(preTokenizers[i].names, name) {
			return &preTokenizers[i], nil
		}
	}
	return nil, fmt.Errorf("tokenize: pre-tokenizer %q: %w; supported: %s", name, ErrUnsupported,
		strings.Join(PreTokenizers(), ", "))
}

// preTokenizers is the table: the names are those of tokenizer.ggml.pre.
var preTokenizers = []preTokenizer{
	{names: []string{"default"}, stages: func() []splitter {
		return []splitter{punctRuns("$+<=>^~|"), isolate(gpt2Words), runsOf(clNumber, 0), threeDigits}
	}},
	{names: []string{"falcon"}, stages: func() []splitter {
		return []splitter{punctRuns("$+<=>^~|`"), isolate(gpt2Words), threeDigits}
	}},
	{names: []string{
		"gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum", "modern-bert",
		"jina-v1-en", "jina-v2-code", "roberta-bpe", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4",
	}, match: gpt2Words},
	{names: []string{
		"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2",
	}, stages: func() []splitter { return []splitter{oneOf(clNumber), isolate(gpt2Words)} }},

	// Llama 3's pattern and its relatives.
	{names: []string{
		"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
	}, whole: true, addBOS: true, match: llamaWords{letter: clLetter, digits: 3, tail: "\r\n"}.match},
	{names: []string{"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"},
		match: llamaWords{letter: clLetter, digits: 3, tail: "\r\n"}.match},
	{names: []string{
		"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2",
		"bailingmoe", "bailingmoe2", "llada-moe",
	}, match: llamaWords{letter: clLetter, digits: 1, tail: "\r\n"}.match},
	{names: []string{"qwen35"}, match: llamaWords{letter: clLetter | clMark, digits: 1, tail: "\r\n"}.match},
	{names: []string{"ufakzeka"},
		match: llamaWords{letter: clLetter, digits: 1, tail: "\r\n", noContractions: true}.match},
	{names: []string{"seed-coder"},
		match: llamaWords{letter: clLetter, digits: 1}.match},
	{names: []string{"exaone-moe"},
		match: llamaWords{letter: clLetter, digits: 1, tail: "\r\n/", phrases: true}.match},
	{names: []string{"minicpm5"}, whole: true, stages: func() []splitter {
		return []splitter{runsOf(clNumber, 3), isolate(llamaWords{letter: clLetter, tail: "\r\n"}.match)}
	}},
	{names: []string{"laguna"}, stages: func() []splitter {
		return []splitter{isolate(lines), isolate(llamaWords{letter: clLetter, digits: 1, tail: "\r\n"}.match)}
	}},
	{names: []string{"jais-2"}, stages: func() []splitter { return []splitter{jais2} }},

	// GPT-4o's pattern and its relatives.
	{names: []string{"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"},
		match: casedWords{contractions: true, digits: 3, tail: "\r\n/"}.match},
	{names: []string{"granite-embed-multi-97m"}, whole: true,
		match: casedWords{contractions: true, digits: 3, tail: "\r\n/"}.match},
	{names: []string{"tekken"}, whole: true, addBOS: true, match: casedWords{digits: 1, tail: "\r\n/"}.match},
	{names: []string{"kimi-k2"},
		match: casedWords{contractions: true, digits: 3, tail: "\r\n", han: true}.match},
	{names: []string{"tiny_aya", "cohere2moe"}, stages: func() []splitter {
		return []splitter{digitGroups(decimalDigit, wordAfter), isolate(casedWords{contractions: true, digits: 3, tail: "\r\n/"}.match)}
	}},
	{names: []string{"youtu"}, whole: true, stages: func() []splitter {
		return []splitter{
			isolate(firstOf(inRuns("가-힣ㄱ-ㆎ"), inRuns("！…“”‘’—：；，、-〿︰-﹏"), inRuns("ㄅ-ㄯ"), inRuns(hanKana))),
			isolate(casedWords{contractions: true, digits: 1, tail: "\r\n/"}.match),
		}
	}},

	// DeepSeek's patterns and their relatives.
	{names: []string{"deepseek-llm"}, stages: func() []splitter {
		return []splitter{
			oneIn("\r\n"), spacedRunsIn(casedLetters), spacedRunsIn("!-/:-~！-／：-～‘-‟\u3000-。"), trailingSpace,
			runsIn("一-龥ࠀ-一가-퟿"), runsOf(clNumber, 0),
		}
	}},
	{names: []string{"deepseek-coder"}, stages: func() []splitter {
		return []splitter{
			oneIn("\r\n"), spacedRunsOf(clLetter), spacedRunsOf(clPunct), runsIn("一-龥ࠀ-一가-퟿"), oneOf(clNumber),
		}
	}},
	{names: []string{"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"}, stages: func() []splitter {
		return []splitter{runsOf(clNumber, 3), runsIn(hanKana), isolate(deepseekWords{tail: "\r\n"}.match)}
	}},
	{names: []string{"spark2_5"}, stages: func() []splitter {
		return []splitter{
			runsOf(clNumber, 3), runsIn(hanKana), isolate(deepseekWords{oneLineEnd: true}.match), oneOf(clNumber),
		}
	}},
	{names: []string{"afmoe"}, stages: func() []splitter {
		return []splitter{
			digitGroups(number, always),
			runsIn("一-鿿㐀-䶿\uf900-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ"),
			isolate(deepseekWords{tail: "\r\n"}.match),
		}
	}},

	{names: []string{"poro-chat", "bloom", "gpt3-finnish"}, match: bloomWords},
	{names: []string{"viking"}, stages: func() []splitter { return []splitter{isolate(bloomWords), oneOf(clNumber)} }},
	{names: []string{"superbpe"}, stages: func() []splitter {
		return []splitter{runsOf(clNumber, 0), digitGroups(decimalDigit, always)}
	}},
	{names: []string{"chameleon"}, addBOS: true, stages: func() []splitter {
		return []splitter{
			isolate(chameleonMarks), isolate(chameleonSpaces), oneOf(clNumber), isolate(onePunct), isolate(gpt2Words),
		}
	}},
}

// hanKana holds the common Han characters, Hiragana and Katakana.
const hanKana = "一-龥぀-ゟ゠-ヿ"

// casedLetters is DeepSeek's list of the letters of scripts with capitals.
const casedLetters = "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1f7dᾀ-ᾴᾶ-ᾼ\u1fbeῂ-ῄῆ-ῌῐ-\u1fd3ῖ-\u1fdbῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212a-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"
