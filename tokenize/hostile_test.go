package tokenize

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

// smallSentencePiece is a model file of a few tokens.
func smallSentencePiece(kind byte) []byte {
	message := func(number int, body []byte) []byte {
		b := binary.AppendUvarint(nil, uint64(number<<3|2))
		return append(binary.AppendUvarint(b, uint64(len(body))), body...)
	}
	var file []byte
	for i, text := range []string{"<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab"} {
		piece := message(1, []byte(text))
		piece = append(piece, 2<<3|5)
		piece = binary.LittleEndian.AppendUint32(piece, math.Float32bits(-float32(i)))
		if i < 3 {
			piece = append(piece, 3<<3, byte([]TokenType{Unknown, Control, Control}[i]))
		}
		file = append(file, message(1, piece)...)
	}
	file = append(file, message(2, []byte{3 << 3, kind})...)
	return append(file, message(3, []byte{3 << 3, 1, 4 << 3, 0, 5 << 3, 1})...)
}

func TestSentencePieceTruncated(t *testing.T) {
	for _, kind := range []byte{1, 2} {
		file := smallSentencePiece(kind)
		c, err := ConfigFromSentencePiece(file)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if ids, err := tok.Encode(nil, "ab a", EncodeOptions{}); err != nil || len(ids) < 3 || tok.BOS() != 1 {
			t.Errorf("kind %d: Encode gives %d, %v, BOS %d", kind, ids, err, tok.BOS())
		}
		refused := 0
		for n := range file {
			c, err := ConfigFromSentencePiece(file[:n])
			if err != nil {
				refused++
				continue
			}
			if _, err := New(c); err == nil && len(c.Tokens) == 0 {
				t.Errorf("kind %d cut at %d makes a tokenizer without tokens", kind, n)
			}
		}
		if refused < len(file)/2 {
			t.Errorf("kind %d: %d of %d cuts refused, want most", kind, refused, len(file))
		}
	}
	if _, err := ConfigFromSentencePiece(smallSentencePiece(3)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("model type 3: %v, want ErrUnsupported", err)
	}
}

func TestTiktokenRefuses(t *testing.T) {
	for _, file := range []string{"!!! 1", "YQ==", "YQ== x", "YQ== -1", "YQ== 2000000000"} {
		if c, err := ConfigFromTiktoken([]byte(file), TiktokenOptions{}); err == nil {
			t.Errorf("%q is accepted: %v", file, c.Tokens)
		}
	}
	if _, err := ConfigFromTiktoken([]byte("YQ== 0"), TiktokenOptions{Special: map[string]int32{"<s>": math.MaxInt32}}); err == nil {
		t.Error("a special token with a huge id is accepted")
	}
}

// TestHostileCharsmap gives tables of random numbers, and one that replaces a letter by a long text.
func TestHostileCharsmap(t *testing.T) {
	for seed := range uint32(200) {
		table := binary.LittleEndian.AppendUint32(nil, 400)
		for i := range uint32(100) {
			table = binary.LittleEndian.AppendUint32(table, (i+seed)*2654435761)
		}
		table = append(table, "abc\x00def"...)
		m, err := newCharsmap(table)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 256 {
			m.longest(string([]byte{byte(i), byte(seed), 'a', 'b'}))
		}
	}
	for _, table := range [][]byte{nil, {1, 2, 3}, {4, 0, 0, 0}, {255, 255, 255, 255, 0, 0, 0, 0}, {3, 0, 0, 0, 0, 0, 0, 0}} {
		if _, err := newCharsmap(table); err == nil {
			t.Errorf("table %v is accepted", table)
		}
	}
	// Node 0 leads by 'a' to node 'a', a leaf whose value is place 0 of a text of 100 bytes.
	units := make([]uint32, 256)
	units['a'] = 'a' | 1<<8 | 1<<10
	units['a'^1] = 0
	for length, want := range map[int]int{10: 10, maxReplacement - 1: maxReplacement - 1, 100: 0} {
		m := &charsmap{units: units, strings: strings.Repeat("x", length) + "\x00"}
		if _, to := m.longest("a"); len(to) != want {
			t.Errorf("a replacement of %d bytes gives %d, want %d", length, len(to), want)
		}
	}
}

func TestValidateListsProblems(t *testing.T) {
	c := NoIDs(BPE)
	c.Tokens = []string{"a", "<0xZZ>", strings.Repeat("x", maxTokenBytes+1)}
	c.Types = []TokenType{Normal, Byte}
	c.Pre, c.Merges = "morse", []string{"ab"}
	c.BOS, c.EOG, c.AddEOS = 9, []int32{-2}, true
	_, err := New(c)
	if err == nil || !errors.Is(err, ErrUnsupported) {
		t.Fatalf("New = %v, want ErrUnsupported", err)
	}
	for _, want := range []string{"Types has 2 entries", "<0xZZ>", "4097 bytes", `"morse"`, `Merges[0] is "ab"`, "BOS is 9", "holds -2", "AddEOS"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s: %v", want, err)
		}
	}
	c = NoIDs(SPM)
	c.Tokens, c.Scores = []string{"a"}, []float32{float32(math.NaN())}
	if _, err := New(c); err == nil {
		t.Error("a score that is not a number is accepted")
	}
	if _, err := New(Config{Kind: 99, Tokens: []string{"a"}}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("kind 99: %v, want ErrUnsupported", err)
	}
}

// TestHostileVocabulary has tokens as long as allowed that nearly match everywhere.
func TestHostileVocabulary(t *testing.T) {
	long := strings.Repeat("a", maxTokenBytes-1) + "b"
	text := strings.Repeat("a", 1<<13)
	for name, c := range smallConfigs() {
		c.Tokens = append(c.Tokens, long, long[1:])
		c.Types = append(c.Types, UserDefined, Normal)
		if c.Scores != nil {
			c.Scores = append(c.Scores, -1, -1)
		}
		tok, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := tok.Encode(nil, text, EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: %d bytes take %v", name, len(text), d)
		}
	}
}

// TestScratchIsBounded checks that what is remembered between calls does not grow with the texts.
func TestScratchIsBounded(t *testing.T) {
	tok := smallTokenizers(t)["BPE"]
	word := make([]byte, 0, 16)
	for i := range 2 * cachedWords {
		word = binary.AppendUvarint(word[:0], uint64(i)*977)
		if _, err := tok.Encode(nil, base64.StdEncoding.EncodeToString(word), EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tok.Encode(nil, strings.Repeat("a", 1<<20), EncodeOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		s := tok.scratch.Get().(*scratch)
		if len(s.words) > cachedWords || cap(s.syms) > keptSymbols || cap(s.heap) > 4*keptSymbols {
			t.Errorf("a scratch keeps %d words, %d symbols, %d candidates", len(s.words), cap(s.syms), cap(s.heap))
		}
	}
	runtime.KeepAlive(tok)
}

// fakeMeta is a GGUF file's metadata.
type fakeMeta map[string]any

func (m fakeMeta) Keys() (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

var errFake = errors.New("another type")

func fakeGet[T any](m fakeMeta, key string) (T, error) {
	v, ok := m[key].(T)
	if !ok {
		return v, errFake
	}
	return v, nil
}

func (m fakeMeta) String(key string) (string, error)    { return fakeGet[string](m, key) }
func (m fakeMeta) Bool(key string) (bool, error)        { return fakeGet[bool](m, key) }
func (m fakeMeta) Int(key string) (int, error)          { return fakeGet[int](m, key) }
func (m fakeMeta) Strings(key string) ([]string, error) { return fakeGet[[]string](m, key) }
func (m fakeMeta) Ints(key string) ([]int, error)       { return fakeGet[[]int](m, key) }
func (m fakeMeta) Floats(key string) ([]float32, error) { return fakeGet[[]float32](m, key) }

func TestConfigFromGGUF(t *testing.T) {
	const p = ggufPrefix
	c, err := ConfigFromGGUF(fakeMeta{
		p + "model": "gpt2", p + "pre": "llama-bpe", p + "merges": []string{"a b"},
		p + "tokens":     []string{"a", "b", "ab", "<|eot_id|>", "<|eom_id|>", "</s>", "<|begin|>", "<|end|>", "<|call|>", "<|return|>"},
		p + "token_type": []int{1, 1, 1, 1, 3, 4, 3, 3, 3, 3}, p + "bos_token_id": 6, p + "eos_token_id": 77,
	})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if !c.AddBOS || !c.IgnoreMerges || c.BOS != 6 || c.EOS != None || c.EOT != 3 || c.Types[3] != Control {
		t.Errorf("AddBOS %v, IgnoreMerges %v, BOS %d, EOS %d, EOT %d, type of EOT %v", c.AddBOS, c.IgnoreMerges, c.BOS, c.EOS, c.EOT, c.Types[3])
	}
	for id, want := range []bool{3: true, 4: true, 5: true, 6: false, 7: false, 8: true, 9: true} {
		if tok.IsEOG(int32(id)) != want {
			t.Errorf("IsEOG(%q) = %v, want %v", tok.Token(int32(id)), !want, want)
		}
	}
	for what, m := range map[string]fakeMeta{
		"no model": {p + "tokens": []string{"a"}}, "tokens of another type": {p + "model": "gpt2", p + "tokens": []int{1}},
		"flag of another type": {p + "model": "llama", p + "tokens": []string{"a"}, p + "add_bos_token": 1},
	} {
		if _, err := ConfigFromGGUF(m); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := ConfigFromGGUF(fakeMeta{p + "model": "hybriddna"}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("hybriddna: %v, want ErrUnsupported", err)
	}
}

func FuzzFiles(f *testing.F) {
	f.Add(smallSentencePiece(1))
	f.Add(smallSentencePiece(2))
	f.Add([]byte("YQ== 0\nYg== 1\nYWI= 2\n"))
	f.Add(wordsJSON("a b", `"added_tokens":[{"id":3,"content":"<s>","special":true}]`, `"normalizer":{"type":"NFC"}`))
	f.Add([]byte(`{"model":{"vocab":{"":0},"merges":[[]]}}`)) // merges without texts
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"<unk>":3},"merges":[["a","b"]],"unk_token":"<unk>","byte_fallback":true},` +
		`"pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\s+|\\S+"},"behavior":"Isolated"},"decoder":{"type":"ByteLevel"}}`))
	f.Add([]byte(`{"model":{"type":"Unigram","vocab":[["a",-1],["b",-2],["<unk>",0]],"unk_id":2},"pre_tokenizer":{"type":"Metaspace","replacement":"▁"}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		var toks []*Tokenizer
		if tok, err := FromJSON(file, nil); err == nil {
			toks = append(toks, tok)
		}
		if c, err := ConfigFromSentencePiece(file); err == nil {
			if tok, err := New(c); err == nil {
				toks = append(toks, tok)
			}
		}
		if c, err := ConfigFromTiktoken(file, TiktokenOptions{Pattern: `\s+|\S+`}); err == nil {
			if tok, err := New(c); err == nil {
				toks = append(toks, tok)
			}
		}
		for _, tok := range toks {
			ids, err := tok.Encode(nil, "ab <s> é\xff", EncodeOptions{AddSpecial: true, ParseSpecial: true})
			if err != nil && !errors.Is(err, ErrNoToken) {
				t.Fatal(err)
			}
			checkStream(t, tok, ids)
		}
	})
}
