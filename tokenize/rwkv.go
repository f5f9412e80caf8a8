package tokenize

// rwkv takes the longest token from the left, again and again.
type rwkv struct {
	trie     *trie
	fallback fallback
}

func newRWKV(c *Config) *rwkv {
	m := &rwkv{fallback: fallback{unk: c.UNK, single: true, tokens: int32(len(c.Tokens))}}
	for b := range m.fallback.bytes {
		m.fallback.bytes[b] = None
	}
	var keys []string
	var ids []int32
	for id, text := range c.Tokens {
		if t := c.typeOf(id); t != Control && t != Unknown {
			keys, ids = append(keys, unescape(text)), append(ids, int32(id))
		}
	}
	m.trie = newTrie(keys, ids)
	return m
}

func (m *rwkv) encode(_ *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	for i := 0; i < len(text); {
		id, n := m.trie.longest(text[i:], nil)
		if id == None {
			var err error
			if dst, _, err = m.fallback.appendBytes(dst, text[i:i+1], false); err != nil {
				return dst, err
			}
			i++
			continue
		}
		dst = append(dst, id)
		i += n
	}
	return dst, nil
}

// unescape reads the escapes of RWKV's vocabulary files: \t, \n, \r, \xHH, and \ before any other character.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b = append(b, '\t')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 'x':
			if i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0 {
				b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
				i += 2
				continue
			}
			b = append(b, 'x')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}
