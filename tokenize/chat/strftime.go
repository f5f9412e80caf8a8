package chat

import (
	"fmt"
	"strings"
	"time"
)

// maxTime bounds the text that one call of strftime_now makes.
const maxTime = 1 << 16

// strftime writes a time as Python's datetime.strftime does with glibc in the C locale. The time has no zone, as
// datetime.now() has none, so %z and %Z are empty. An unknown directive is an error.
func strftime(t time.Time, format string) (string, error) {
	if len(format) > maxTime/16 {
		return "", fmt.Errorf("strftime_now: format of %d bytes, want at most %d", len(format), maxTime/16)
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		flag := byte(0)
		if i < len(format) && strings.IndexByte("-_0^", format[i]) >= 0 {
			flag = format[i]
			i++
		}
		if i == len(format) {
			return "", fmt.Errorf("strftime_now: format %q ends inside a directive", format)
		}
		s, ok := directive(t, format[i], flag)
		if !ok {
			return "", fmt.Errorf("strftime_now: unknown directive %%%c in %q", format[i], format)
		}
		if flag == '^' {
			s = strings.ToUpper(s)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// directive writes one directive with glibc's flags: - for no padding, _ for blanks, 0 for zeros.
func directive(t time.Time, c, flag byte) (string, bool) {
	if s, ok := words(t, c); ok {
		return s, true
	}
	n, width, fill, ok := numeric(t, c)
	if !ok {
		return "", false
	}
	switch flag {
	case '-':
		width = 0
	case '_':
		fill = ' '
	case '0':
		fill = '0'
	}
	s := fmt.Sprint(n)
	return strings.Repeat(string(fill), max(width-len(s), 0)) + s, true
}

// words are the directives that are text or made of others.
func words(t time.Time, c byte) (string, bool) {
	layouts := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'p': "PM", 'P': "pm",
		'D': "01/02/06", 'x': "01/02/06", 'F': "2006-01-02", 'T': "15:04:05", 'X': "15:04:05", 'R': "15:04",
		'r': "03:04:05 PM", 'c': "Mon Jan _2 15:04:05 2006",
	}
	if layout, ok := layouts[c]; ok {
		return t.Format(layout), true
	}
	switch c {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'z', 'Z':
		return "", true
	}
	return "", false
}

// numeric are the directives that are a number.
func numeric(t time.Time, c byte) (n, width int, fill rune, ok bool) {
	hour12 := (t.Hour()+11)%12 + 1
	day, monday := int(t.Weekday()), (int(t.Weekday())+6)%7
	isoYear, isoWeek := t.ISOWeek()
	switch c {
	case 'd':
		return t.Day(), 2, '0', true
	case 'e':
		return t.Day(), 2, ' ', true
	case 'm':
		return int(t.Month()), 2, '0', true
	case 'y':
		return t.Year() % 100, 2, '0', true
	case 'Y':
		return t.Year(), 0, '0', true
	case 'C':
		return t.Year() / 100, 2, '0', true
	case 'H':
		return t.Hour(), 2, '0', true
	case 'k':
		return t.Hour(), 2, ' ', true
	case 'I':
		return hour12, 2, '0', true
	case 'l':
		return hour12, 2, ' ', true
	case 'M':
		return t.Minute(), 2, '0', true
	case 'S':
		return t.Second(), 2, '0', true
	case 'f':
		return t.Nanosecond() / 1000, 6, '0', true
	case 'j':
		return t.YearDay(), 3, '0', true
	case 'w':
		return day, 1, '0', true
	case 'u':
		return monday + 1, 1, '0', true
	case 'U':
		return (t.YearDay() + 6 - day) / 7, 2, '0', true
	case 'W':
		return (t.YearDay() + 6 - monday) / 7, 2, '0', true
	case 'V':
		return isoWeek, 2, '0', true
	case 'G':
		return isoYear, 0, '0', true
	case 'g':
		return isoYear % 100, 2, '0', true
	case 's':
		return int(t.Unix()), 0, '0', true
	}
	return 0, 0, 0, false
}
