package schema

import (
	"fmt"
	"strings"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// Pieces of the formats, as regular expressions.
const (
	fDate = `(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))` +
		`|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)`
	fHour   = `(?:[01][0-9]|2[0-3])`
	fClock  = fHour + `:[0-5][0-9]:[0-5][0-9]`
	fOffset = `[+-]` + fHour + `:[0-5][0-9]`

	fOctet = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	fIPv4  = fOctet + `(?:\.` + fOctet + `){3}`
	fHex   = `[0-9A-Fa-f]`
	fLabel = `[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	fUUID  = fHex + `{8}-` + fHex + `{4}-` + fHex + `{4}-` + fHex + `{4}-` + fHex + `{12}`

	fAtom    = `[A-Za-z0-9!#$%&'*+/=?^_` + "`" + `{|}~-]`
	fQuoted  = `"(?:[ !#-\[\]-~]|\\[ -~])*"`
	fPointer = `(?:/(?:[^/~]|~[01])*)*`

	fUnicode = `\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{1FFFD}\x{20000}-\x{2FFFD}\x{30000}-\x{3FFFD}` +
		`\x{40000}-\x{4FFFD}\x{50000}-\x{5FFFD}\x{60000}-\x{6FFFD}\x{70000}-\x{7FFFD}\x{80000}-\x{8FFFD}\x{90000}-\x{9FFFD}` +
		`\x{A0000}-\x{AFFFD}\x{B0000}-\x{BFFFD}\x{C0000}-\x{CFFFD}\x{D0000}-\x{DFFFD}\x{E1000}-\x{EFFFD}`
	fPrivate = `\x{E000}-\x{F8FF}\x{F0000}-\x{FFFFD}\x{100000}-\x{10FFFD}`
)

// formatDFA returns the language of a format. Without exact, forms that other programs are known to refuse are left out:
// leap seconds, lower case t and z, fractions of more than nine digits, labels that begin with xn--.
func formatDFA(name string, exact bool) (*dfa.DFA, error) {
	switch name {
	case "hostname":
		if exact {
			return nil, fmt.Errorf("whether a label that begins with xn-- is right is not regular")
		}
		return hostname()
	case "time", "date-time":
		return timeDFA(name, exact)
	}
	expr, err := formatRegexp(name, exact)
	if err != nil {
		return nil, err
	}
	return dfa.Regexp(expr)
}

func formatRegexp(name string, exact bool) (string, error) {
	switch name {
	case "date":
		return fDate, nil
	case "duration":
		return duration(exact), nil
	case "email":
		return mailbox("", `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`), nil
	case "idn-email":
		const u = `\x{80}-\x{10FFFF}`
		return mailbox(u, `[A-Za-z0-9`+u+`](?:[A-Za-z0-9`+u+`-]*[A-Za-z0-9`+u+`])?`), nil
	case "ipv4":
		return fIPv4, nil
	case "ipv6":
		return ipv6(), nil
	case "uri":
		return uri("", "", false), nil
	case "uri-reference":
		return uri("", "", true), nil
	case "iri":
		return uri(fUnicode, fPrivate, false), nil
	case "iri-reference":
		return uri(fUnicode, fPrivate, true), nil
	case "uri-template":
		return uriTemplate(), nil
	case "json-pointer":
		return fPointer, nil
	case "relative-json-pointer":
		return `(?:0|[1-9][0-9]*)(?:#|` + fPointer + `)`, nil
	case "uuid":
		return fUUID, nil
	case "regex":
		return "", fmt.Errorf("the language of regular expressions is not regular")
	case "idn-hostname":
		return "", fmt.Errorf("its rules depend on tables and on context")
	}
	return "", fmt.Errorf("unknown format %q", name)
}

// mailbox returns an address of RFC 5321 or, with more characters, 6531.
func mailbox(more, label string) string {
	atom := "[" + more + fAtom[1:]
	quoted := strings.Replace(fQuoted, `[ !#-\[\]-~]`, `[ !#-\[\]-~`+more+`]`, 1)
	return `(?:` + atom + `+(?:\.` + atom + `+)*|` + quoted + `)@(?:` + label + `(?:\.` + label + `)*|\[` + fIPv4 + `\]|\[IPv6:` + ipv6() + `\])`
}

func ipv6() string {
	h := fHex + `{1,4}`
	tail := `(?:` + h + `:` + h + `|` + fIPv4 + `)`
	alts := []string{`(?:` + h + `:){6}` + tail, `::(?:` + h + `:){5}` + tail}
	for before := 1; before <= 7; before++ { // up to so many groups, ::, and the rest
		head := `(?:(?:` + h + `:){0,` + string(rune('0'+before-1)) + `}` + h + `)?::`
		switch after := 7 - before - 2; {
		case after >= 0:
			alts = append(alts, head+`(?:`+h+`:){`+string(rune('0'+after))+`}`+tail)
		case after == -1:
			alts = append(alts, head+h)
		default:
			alts = append(alts, head)
		}
	}
	return `(?:` + strings.Join(alts, `|`) + `)`
}

// hostname returns the names of RFC 1123 without labels that begin with xn--.
func hostname() (*dfa.DFA, error) {
	names, err := dfa.Regexp(fLabel + `(?:\.` + fLabel + `)*`)
	if err != nil {
		return nil, err
	}
	coded, err := dfa.Regexp(`(?:.*\.)?[xX][nN]--.*`)
	if err != nil {
		return nil, err
	}
	length, err := dfa.Lengths(1, 253)
	if err != nil {
		return nil, err
	}
	return dfa.Combine([]*dfa.DFA{names, coded, length}, func(l []int32) int32 {
		if l[0] != dfa.NoLabel && l[1] == dfa.NoLabel && l[2] != dfa.NoLabel {
			return 0
		}
		return dfa.NoLabel
	})
}

// uri returns the URIs of RFC 3986 or, with more characters, the IRIs of RFC 3987; perhaps relative ones, too.
func uri(more, private string, relative bool) string {
	const subDelims = `!$&'()*+,;=`
	pct := `%` + fHex + fHex
	chars := func(extra string) string {
		return `(?:[A-Za-z0-9._~` + subDelims + extra + more + `-]|` + pct + `)`
	}
	pchar, user, reg, first := chars(":@"), chars(":"), chars(""), chars("@")
	literal := `\[(?:` + ipv6() + `|[vV]` + fHex + `+\.[A-Za-z0-9._~` + subDelims + `:-]+)\]`
	authority := `(?:` + user + `*@)?(?:` + literal + `|` + reg + `*)(?::[0-9]*)?`
	abempty := `(?:/` + pchar + `*)*`
	absolute := `/(?:` + pchar + `+` + abempty + `)?`
	query := `(?:\?(?:` + pchar + `|[/?` + private + `])*)?(?:#(?:` + pchar + `|[/?])*)?`
	hier := `(?://` + authority + abempty + `|` + absolute + `|` + pchar + `+` + abempty + `|)`
	full := `[A-Za-z][A-Za-z0-9+.-]*:` + hier + query
	if !relative {
		return full
	}
	rel := `(?://` + authority + abempty + `|` + absolute + `|` + first + `+` + abempty + `|)` + query
	return `(?:` + full + `|` + rel + `)`
}

func uriTemplate() string {
	pct := `%` + fHex + fHex
	varchar := `(?:[A-Za-z0-9_]|` + pct + `)`
	spec := varchar + `(?:\.?` + varchar + `)*(?::[1-9][0-9]{0,3}|\*)?`
	literal := `(?:[!#$&'(-;=?-\[\]_a-z~` + fUnicode + fPrivate + `]|` + pct + `)`
	return `(?:` + literal + `|\{[+#./;?&=,!@|]?` + spec + `(?:,` + spec + `)*\})*`
}

func duration(exact bool) string {
	n := `[0-9]{1,9}`
	if exact {
		n = `[0-9]+`
	}
	chain := func(units string) string { // a unit may be followed only by the next smaller one
		out := ""
		for i := len(units) - 1; i >= 0; i-- {
			out = n + units[i:i+1] + out
			if i > 0 {
				out = `(?:` + out + `)?`
			}
		}
		return out
	}
	part := func(units string) string {
		var alts []string
		for i := range units {
			alts = append(alts, chain(units[i:]))
		}
		return `(?:` + strings.Join(alts, `|`) + `)`
	}
	clock := `T` + part("HMS")
	return `P(?:` + part("YMD") + `(?:` + clock + `)?|` + clock + `|` + n + `W)`
}
