package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func splitJSON(t *testing.T, raw, text string) []string {
	t.Helper()
	p, err := newPreSplit(json.RawMessage(raw), true)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	var parts []string
	p.splitter.split(piece{text, true}, func(part piece) { parts = append(parts, part.text) })
	return parts
}

func TestPreTokenizerParts(t *testing.T) {
	split := func(behavior string, invert bool) string {
		return fmt.Sprintf(`{"type":"Split","pattern":{"String":"-"},"behavior":%q,"invert":%v}`, behavior, invert)
	}
	for _, c := range []struct {
		raw, text string
		want      []string
	}{
		// The examples in the documentation of Hugging Face's tokenizers.
		{split("Removed", false), "the-final--countdown", []string{"the", "final", "countdown"}},
		{split("Isolated", false), "the-final--countdown", []string{"the", "-", "final", "-", "-", "countdown"}},
		{split("MergedWithPrevious", false), "the-final--countdown", []string{"the-", "final-", "-", "countdown"}},
		{split("MergedWithNext", false), "the-final--countdown", []string{"the", "-final", "-", "-countdown"}},
		{split("Contiguous", false), "the-final--countdown", []string{"the", "-", "final", "--", "countdown"}},
		{split("Removed", true), "the-final--countdown", []string{"-", "-", "-"}},
		{`{"type":"Split","pattern":{"Regex":"\\d{1,3}(?=(?:\\d{3})*\\b)"},"behavior":"Isolated","invert":false}`, "a 1234567", []string{"a ", "1", "234", "567"}},
		{`{"type":"Digits","individual_digits":false}`, "a12b", []string{"a", "12", "b"}},
		{`{"type":"Digits","individual_digits":true}`, "a12b", []string{"a", "1", "2", "b"}},
		{`{"type":"Punctuation","behavior":"Contiguous"}`, "Hey!! you", []string{"Hey", "!!", " you"}},
		{`{"type":"Punctuation"}`, "Hey!!", []string{"Hey", "!", "!"}},
		{`{"type":"BertPreTokenizer"}`, "Hey you, ok?", []string{"Hey", "you", ",", "ok", "?"}},
		{`{"type":"Whitespace"}`, "Hey man, it's_ok", []string{"Hey", "man", ",", "it", "'", "s_ok"}},
		{`{"type":"WhitespaceSplit"}`, " a  b\tc,", []string{"a", "b", "c,"}},
		{`{"type":"Whitespace"}`, "می\u200cخ a\u200d. ²", []string{"می\u200cخ", "a\u200d", ".", "²"}},
		{`{"type":"UnicodeScripts"}`, "どこで生れ。Yes", []string{"どこで生れ", "。", "Yes"}},
		{`{"type":"UnicodeScripts"}`, " Apples are りんご 林檎 ー", []string{"Apples are ", "りんご 林檎 ー"}},
		{`{"type":"UnicodeScripts"}`, "аbc1 2, é\u0301x", []string{"а", "bc", "1 2, ", "é", "\u0301", "x"}},
		{`{"type":"UnicodeScripts"}`, "  ", nil},
		{`{"type":"FixedLength","length":3}`, "Hello ééé1", []string{"Hel", "lo ", "ééé", "1"}},
		{`{"type":"FixedLength"}`, "Hello wörld", []string{"Hello", " wörl", "d"}},
		{`{"type":"CharDelimiterSplit","delimiter":"/"}`, "a//b/c", []string{"a", "b", "c"}},
		{`{"type":"Metaspace","replacement":"▁","add_prefix_space":true}`, "Hey  you", []string{"▁Hey", "▁", "▁you"}},
		{`{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}`, "Hey you", []string{"Hey▁you"}},
		{`{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}`, "a b", []string{"▁a", "b"}},
		{`{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]}`, "a b", []string{"▁a", "▁b"}},
		{`{"type":"ByteLevel","add_prefix_space":true}`, "a é", []string{" a", " é"}},
		{`{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false,"use_regex":false},{"type":"Digits"}]}`, "é1", []string{"Ã©", "1"}},
	} {
		if got := splitJSON(t, c.raw, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s cuts %q into %q, want %q", c.raw, c.text, got, c.want)
		}
	}
}

func TestNormalizerParts(t *testing.T) {
	for _, c := range []struct{ raw, text, want string }{
		{`{"type":"NFC"}`, "e\u0301", "é"},
		{`{"type":"NFD"}`, "é", "e\u0301"},
		{`{"type":"NFKC"}`, "ﬁ①", "fi1"},
		{`{"type":"NFKD"}`, "ﬁé", "fie\u0301"},
		{`{"type":"Lowercase"}`, "ÀÉİ", "àéi\u0307"},
		{`{"type":"Nmt"}`, "a\u0001\tb\u200bc▁d\ufeff\ufffd", "a b c d  "},
		{`{"type":"Nmt"}`, "\u008f\u009f\u0085\v\f\u001f\u007f\x00x\u1680\u2029\u202e", "\u0085 \x00x  \u202e"},
		{`{"type":"ByteLevel"}`, "aé \n漢", "aÃ©ĠĊæ¼¢"},
		{`{"type":"StripAccents"}`, "e\u0301a\u0308", "ea"},
		{`{"type":"Strip","strip_left":true,"strip_right":false}`, "\u00a0 a ", "a "},
		{`{"type":"Prepend","prepend":"▁"}`, "a", "▁a"},
		{`{"type":"Prepend","prepend":"▁"}`, "", ""},
		{`{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}`, "a \t\nb", "a b"},
		{`{"type":"Replace","pattern":{"String":"''"},"content":"\""}`, "''a''", `"a"`},
		{`{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}`, "Ça\u0000 漢\tB", "ca  漢  b"},
		{`{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":false,"lowercase":true}`, "Ça漢", "ça漢"},
		{`{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"Sequence","normalizers":[{"type":"StripAccents"},{"type":"Lowercase"}]}]}`, "ÀB", "ab"},
	} {
		n, err := newNormalizer(json.RawMessage(c.raw))
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
		} else if got := n.normalize(c.text); got != c.want {
			t.Errorf("%s makes %q of %q, want %q", c.raw, got, c.text, c.want)
		}
	}
}

// wordsJSON is a tokenizer.json of whole words with the given parts.
func wordsJSON(words string, parts ...string) []byte {
	vocab := map[string]int{"[UNK]": 0}
	for i, w := range strings.Fields(words) {
		vocab[w] = i + 1
	}
	v, err := json.Marshal(vocab)
	if err != nil {
		panic(err)
	}
	all := append([]string{fmt.Sprintf(`"model":{"type":"WordLevel","vocab":%s,"unk_token":"[UNK]"}`, v)}, parts...)
	return []byte("{" + strings.Join(all, ",") + "}")
}

func TestAddedTokenRules(t *testing.T) {
	added := func(id int, content string, rules ...string) string {
		a := map[string]any{"id": id, "content": content}
		for _, r := range rules {
			a[r] = true
		}
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	file := wordsJSON("a b ab", `"pre_tokenizer":{"type":"WhitespaceSplit"},"normalizer":{"type":"Lowercase"}`,
		`"added_tokens":[`+strings.Join([]string{
			added(10, "<l>", "lstrip"), added(11, "<r>", "rstrip"), added(12, "word", "single_word"), added(13, "NORM", "normalized"),
			added(14, "<s>", "special"), added(15, "<s>>", "special"), added(16, "RAW"),
		}, ",")+"]")
	tok, err := FromJSON(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		parse bool
		want  []int32
	}{
		{"a <l> b", false, []int32{1, 10, 2}},
		{"word words", false, []int32{12, 0}},
		{"a,word", false, []int32{0, 12}},
		{"norm Norm", false, []int32{13, 13}},
		{"RAW raw", false, []int32{16, 0}},
		{"a<s>b", false, []int32{0}},
		{"a<s>b", true, []int32{1, 14, 2}},
		{"a<s>>b", true, []int32{1, 15, 2}}, // the longest of those that start first
		{"<r> a", false, []int32{11, 1}},
	} {
		got, err := tok.Encode(nil, c.text, EncodeOptions{ParseSpecial: c.parse})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("Encode(%q, ParseSpecial %v) = %d, %v, want %d", c.text, c.parse, got, err, c.want)
		}
	}
	// lstrip and rstrip swallow white space: seen where nothing drops it.
	id, left, right := tok.specials.next("a  <l>  b", false)
	if id != 10 || left != 1 || right != 6 {
		t.Errorf("<l> is found as %d at %d to %d, want 10 at 1 to 6", id, left, right)
	}
	id, left, right = tok.specials.next("a  <r> \u00a0b", false)
	if id != 11 || left != 3 || right != 9 {
		t.Errorf("<r> is found as %d at %d to %d, want 11 at 3 to 9", id, left, right)
	}
}

func TestPostProcessors(t *testing.T) {
	for _, c := range []struct {
		raw            string
		single         []int32
		pair, segments []int32
	}{
		{`{"type":"BertProcessing","sep":["S",8],"cls":["C",9]}`, []int32{9, 1, 8}, []int32{9, 1, 8, 2, 8}, []int32{0, 0, 0, 1, 1}},
		{`{"type":"RobertaProcessing","sep":["S",8],"cls":["C",9]}`, []int32{9, 1, 8}, []int32{9, 1, 8, 8, 2, 8}, []int32{0, 0, 0, 0, 0, 0}},
		{`{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"C","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"B","type_id":1}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"C":{"id":"C","ids":[9,8],"tokens":["C","S"]}}}]}`,
			[]int32{9, 8, 1}, []int32{2, 1}, []int32{1, 0}},
		{`null`, []int32{1}, []int32{1, 2}, []int32{0, 1}},
	} {
		tok, err := FromJSON(wordsJSON("a b", `"post_processor":`+c.raw,
			`"added_tokens":[{"id":8,"content":"S","special":true},{"id":9,"content":"C","special":true}]`), nil)
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		if got, err := tok.Encode(nil, "a", EncodeOptions{AddSpecial: true}); err != nil || !slices.Equal(got, c.single) {
			t.Errorf("%s: one text gives %d, %v, want %d", c.raw, got, err, c.single)
		}
		ids, segments, err := tok.EncodePair("a", "b", EncodeOptions{AddSpecial: true})
		if err != nil || !slices.Equal(ids, c.pair) || !slices.Equal(segments, c.segments) {
			t.Errorf("%s: two texts give %d %d, %v, want %d %d", c.raw, ids, segments, err, c.pair, c.segments)
		}
	}
}

func TestDecoderParts(t *testing.T) {
	for _, c := range []struct {
		raw    string
		tokens []string
		want   string
	}{
		{`null`, []string{"a", "b"}, "a b"},
		{`{"type":"WordPiece","prefix":"##","cleanup":true}`, []string{"un", "##do", "it", ".", "n't"}, "undo it.n't"},
		{`{"type":"WordPiece","prefix":"##","cleanup":false}`, []string{"it", "."}, "it ."},
		{`{"type":"BPEDecoder","suffix":"</w>"}`, []string{"a</w>", "b", "c</w>"}, "a bc"},
		{`{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}`, []string{"▁a", "▁b"}, "a b"},
		{`{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}`, []string{"▁a", "▁b"}, " a b"},
		{`{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`, []string{"▁a", "▁b"}, "a b"},
		{`{"type":"ByteLevel"}`, []string{"Ã", "©", "Ġa"}, "é a"},
		{`{"type":"CTC"}`, strings.Fields("<pad> <pad> h e e l l <pad> l o o o <pad>"), "hello"},
		{`{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}`,
			strings.Fields("<pad> H <pad> <pad> E E L L <pad> L <pad> O | | W <pad> | <pad> | X"), "HELLO W  X"},
		{`{"type":"CTC","pad_token":"_","word_delimiter_token":"|","cleanup":false}`, strings.Fields("a | | _ b"), "a|b"},
		{`{"type":"Strip","content":"x","start":2,"stop":1}`, []string{"xxxa", "axx", "xbx", "cx"}, "xaaxbc"},
		{`{"type":"Replace","pattern":{"Regex":"_+"},"content":" "}`, []string{"__a", "b_", "c"}, " ab c"},
	} {
		tok, err := FromJSON(wordsJSON(strings.Join(c.tokens, " "), `"decoder":`+c.raw), nil)
		if err != nil {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		var ids []int32
		for _, text := range c.tokens {
			ids = append(ids, tok.ID(text))
		}
		if got, err := tok.Decode(ids, DecodeOptions{}); err != nil || got != c.want {
			t.Errorf("%s makes %q of %q, %v, want %q", c.raw, got, c.tokens, err, c.want)
		}
		checkStream(t, tok, ids)
	}
}

func TestFromJSONRefuses(t *testing.T) {
	for part, name := range map[string]string{
		`"normalizer":{"type":"Rot13"}`:                                                                                "Rot13",
		`"pre_tokenizer":{"type":"FixedLength","length":0}`:                                                            "FixedLength",
		`"normalizer":{"type":"ByteLevel"},"pre_tokenizer":{"type":"ByteLevel"}`:                                       "ByteLevel",
		`"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?<=a)b"},"behavior":"Isolated"}`:                         "(?<",
		`"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Sideways"}`:                              "Sideways",
		`"post_processor":{"type":"Unheard"}`:                                                                          "Unheard",
		`"decoder":{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"x","start":3,"stop":0}]}`: "Strip",
		`"post_processor":{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["a",0],"cls":["a",0]},{"type":"RobertaProcessing","sep":["a",0],"cls":["a",0]}]}`: "RobertaProcessing",
		`"model":{"type":"Morse","vocab":{}}`:                                                                   "Morse",
		`"model":{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}`:                                      "dropout",
		`"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":0,"alpha":0.1}`:                                   "alpha",
		`"normalizer":{"type":"Replace","pattern":{"String":"a"},"content":"` + strings.Repeat("x", 999) + `"}`: "Replace",
	} {
		_, err := FromJSON(wordsJSON("a", part), nil)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%.80s: %v, want ErrUnsupported that names %s", part, err, name)
		}
	}
	for _, file := range []string{
		``, `{}`, `[]`, `{"model":{"type":"WordLevel","vocab":{"a":99999999999}}}`, `{"model":{"type":"WordLevel","vocab":{"a":-1}}}`,
		`{"model":{"type":"Unigram","vocab":[["a",-1]],"unk_id":7}}`, `{"model":{"type":"WordPiece","vocab":{"a":0}}}`,
		`{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":0}},"post_processor":{"type":"BertProcessing","sep":["x",5],"cls":["y",6]}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}}`,
	} {
		if tok, err := FromJSON([]byte(file), nil); err == nil {
			t.Errorf("%.80s is accepted: %v", file, tok.Config())
		}
	}
}

func TestTokenizerConfigNamesTokens(t *testing.T) {
	tok, err := FromJSON(wordsJSON("a", `"added_tokens":[{"id":8,"content":"<s>","special":true},{"id":9,"content":"<|im_end|>","special":true}]`),
		[]byte(`{"bos_token":{"content":"<s>"},"eos_token":"<|im_end|>","pad_token":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if tok.BOS() != 8 || tok.EOS() != 9 || !tok.IsEOG(9) || tok.IsEOG(8) || tok.Config().PAD != None {
		t.Errorf("BOS %d, EOS %d, PAD %d, want 8, 9 and None", tok.BOS(), tok.EOS(), tok.Config().PAD)
	}
}
