package tokenize

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkRoundTrip encodes a text and checks that it comes back, at once and through a stream cut at every place.
func checkRoundTrip(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	for _, parse := range []bool{false, true} {
		ids, err := tok.Encode(nil, text, EncodeOptions{ParseSpecial: parse})
		if err != nil {
			t.Errorf("Encode(%q): %v", text, err)
			return
		}
		// A vocabulary without the token of a byte, and the unknown token, lose what they stand for; so does the white
		// space that a special token swallows, and what WordPiece and Unigram rewrite.
		c := tok.Config()
		lossy := slices.Contains(ids, c.UNK) || !utf8.ValidString(text) || len(c.StripLeft)+len(c.StripRight) > 0 ||
			strings.Contains(text, blank) || c.Kind == WordPiece || c.Kind == Unigram || rewrites(tok)
		got, err := tok.Decode(ids, DecodeOptions{})
		if err != nil {
			t.Errorf("Decode(%d): %v", ids, err)
		} else if got != text && !lossy {
			t.Errorf("Decode(Encode(%q)) = %q, ids %d", text, got, ids)
		}
		checkStream(t, tok, ids)
	}
}

// rewrites reports whether a tokenizer.json has a normalizer that does more than to mark spaces.
func rewrites(tok *Tokenizer) bool {
	p, ok := tok.encoder.(*pipeline)
	if !ok || p.norm == nil {
		return false
	}
	list, ok := p.norm.(normalizers)
	return !ok || slices.ContainsFunc(list, func(n normalizer) bool {
		_, isPrepend := n.(prepend)
		r, isReplace := n.(replace)
		return !isPrepend && !(isReplace && r.with == blank)
	})
}

// checkStream compares a stream with Decode for every prefix of ids, and looks for half characters in what it returns.
func checkStream(t *testing.T, tok *Tokenizer, ids []int32) {
	t.Helper()
	for _, o := range []DecodeOptions{{}, {SkipSpecial: true}, {Continue: true}} {
		stream := tok.NewStream(o)
		var text strings.Builder
		var cuts []int // between what Push returned
		for i, id := range ids {
			piece, err := stream.Push(id)
			if err != nil {
				t.Errorf("Push(%d): %v", id, err)
				return
			}
			text.WriteString(piece)
			cuts = append(cuts, text.Len())
			if len(ids) > 64 && i+1 < len(ids) {
				continue
			}
			whole, err := tok.Decode(ids[:i+1], o)
			if err != nil {
				t.Errorf("Decode(%d): %v", ids[:i+1], err)
				return
			}
			if got := text.String() + string(stream.pending); got != whole {
				t.Errorf("stream of %d gives %q, Decode %q", ids[:i+1], got, whole)
			}
		}
		text.WriteString(stream.Flush())
		whole, _ := tok.Decode(ids, o)
		if text.String() != whole {
			t.Errorf("flushed stream of %d gives %q, Decode %q", ids, text.String(), whole)
		}
		if at := insideChar(whole, cuts); at >= 0 {
			t.Errorf("stream of %d: %q is cut inside a character at byte %d", ids, whole, at)
		}
	}
}

// insideChar returns the first of the ascending cuts that lies inside a valid character of s, or -1.
func insideChar(s string, cuts []int) int {
	at := 0
	for _, cut := range cuts {
		for at < cut {
			_, n := utf8.DecodeRuneInString(s[at:])
			at += n
		}
		if at > cut {
			return cut
		}
	}
	return -1
}

func TestHalfChar(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int
	}{
		{"", 0}, {"a", 0}, {"é", 0}, {"\xc3", 1}, {"a\xe2\x96", 2}, {"\xf0\x9f\xa6", 3}, {"🦙", 0},
		{"\x96", 0}, {"\xff", 0}, {"\xc3a", 0}, {"\x80\x80\x80\x80", 0}, {"\xe2\x28", 0}, {"\xf0\x9f", 2},
	} {
		if got := halfChar([]byte(c.in)); got != c.want {
			t.Errorf("halfChar(%q) = %d, want %d", c.in, got, c.want)
		}
	}
}

func TestStreamHoldsHalfCharacters(t *testing.T) {
	for name, tok := range smallTokenizers(t) {
		if name == "WordPiece" || name == "RWKV" { // whole characters, or a token for é
			continue
		}
		ids, err := tok.Encode(nil, "a🦙é", EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stream := tok.NewStream(DecodeOptions{})
		var got []string
		for _, id := range ids {
			piece, err := stream.Push(id)
			if err != nil {
				t.Fatal(err)
			}
			if piece != "" {
				got = append(got, piece)
			}
		}
		if want := []string{"a", "🦙", "é"}; !slices.Equal(got, want) {
			t.Errorf("%s: pieces %q, want %q", name, got, want)
		}
		// Control: pieces of single tokens are half characters here, so the comparison above can fail.
		if half := tok.Piece(ids[len(ids)-1]); utf8.ValidString(half) {
			t.Errorf("%s: the last token prints %q, want half a character", name, half)
		}
		cut, _ := stream.Push(ids[len(ids)-2])
		if rest := stream.Flush(); cut != "" || rest != "\xc3" {
			t.Errorf("%s: half a character gives %q and then %q on Flush, want \"\" and \"\\xc3\"", name, cut, rest)
		}
	}
}

func TestDecodeRefusesUnknownIDs(t *testing.T) {
	for name, tok := range smallTokenizers(t) {
		for _, id := range []int32{None, int32(tok.Vocab())} {
			if _, err := tok.Decode([]int32{id}, DecodeOptions{}); err == nil {
				t.Errorf("%s: Decode(%d) gives no error", name, id)
			}
			if _, err := tok.NewStream(DecodeOptions{}).Push(id); err == nil {
				t.Errorf("%s: Push(%d) gives no error", name, id)
			}
			if tok.Token(id) != "" || tok.Piece(id) != "" {
				t.Errorf("%s: id %d has a text", name, id)
			}
		}
	}
}

func TestContinueKeepsTheSpace(t *testing.T) {
	tok := smallTokenizers(t)["SPM"]
	ids, err := tok.Encode(nil, "ab", EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    DecodeOptions
		want string
	}{{DecodeOptions{}, "ab"}, {DecodeOptions{Continue: true}, " ab"}} {
		if got, _ := tok.Decode(ids, c.o); got != c.want {
			t.Errorf("Decode(%+v) = %q, want %q", c.o, got, c.want)
		}
	}
}
