package jinja

import (
	"maps"
	"strings"
)

// loops runs the body in n loops inside each other.
func loops(n int, body string) string {
	return strings.Repeat("{% for _ in range(99999) %}", n) + body + strings.Repeat("{% endfor %}", n)
}

// grow applies a step to ns.x again and again.
func grow(start, step string) string {
	return "{% set ns = namespace(x=" + start + ") %}" + loops(1, "{% set ns.x = "+step+" %}")
}

// tree makes ns.x and ns.y trees of 2**60 leaves that share their branches.
func tree(branch, use string) string {
	x, y := strings.ReplaceAll(branch, "v", "ns.x"), strings.ReplaceAll(branch, "v", "ns.y")
	return "{% set ns = namespace(x=(1,), y=(1,)) %}{% for _ in range(60) %}" +
		"{% set ns.x = " + x + " %}{% set ns.y = " + y + " %}{% endfor %}" + use
}

// chain makes ns.x and ns.y values nested n levels deep.
func chain(step, use string) string {
	x, y := strings.ReplaceAll(step, "v", "ns.x"), strings.ReplaceAll(step, "v", "ns.y")
	return "{% set ns = namespace(x=[1], y=[1]) %}{% for _ in range(30000) %}" +
		"{% set ns.x = " + x + " %}{% set ns.y = " + y + " %}{% endfor %}" + use
}

// hostile are templates that would run, recurse or grow without end.
func hostile() map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{hostileCalls, hostileTexts, hostileWidths, hostileValues, hostileWork} {
		maps.Copy(out, m)
	}
	return out
}

var hostileCalls = map[string]string{
	"nested loops":     loops(8, ""),
	"loops with work":  loops(3, "{% set x = [1, 2, 3]|map('string')|join(',') %}"),
	"loop over itself": "{% for x in range(9) %}{% for y in loop %}{% for z in loop %}{% endfor %}{% endfor %}{% endfor %}" + loops(3, ""),
	"recursive loop":   "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"calls itself":     "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
	"call each other":  "{% macro f(n) %}{{ g(n) }}{% endmacro %}{% macro g(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
	"tree of calls":    "{% macro f(n) %}{% if n > 0 %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(100) }}",
	"in set block":     "{% macro f() %}{% set x %}{{ f() }}{% endset %}{% endmacro %}{{ f() }}",
	"in filter block":  "{% macro f() %}{% filter upper %}{{ f() }}{% endfilter %}{% endmacro %}{{ f() }}",
	"in default":       "{% macro f(x=f()) %}{% endmacro %}{{ f() }}",
	"in call block":    "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}",
	"in generation":    "{% macro f() %}{% generation %}{{ f() }}{% endgeneration %}{% endmacro %}{{ f() }}",
	"in filters":       "{% macro f(x) %}{{ [x]|map('string')|join|length }}{{ f([x, x]) }}{% endmacro %}{{ f(1) }}",
	"parameters":       "{% macro f() %}{{ kwargs|length }}{% endmacro %}" + loops(2, "{{ f(a=1, b=2, **{'c': 3}) }}"),
	"cycler":           "{% set c = cycler(1) %}" + loops(3, "{{ c.next() }}"),
}

var hostileTexts = map[string]string{
	"output":          loops(3, "0123456789"),
	"big output":      "{% set x = 'a' * 1000000 %}" + loops(1, "{{ x }}"),
	"times":           "{{ 'a' * 99999999999 }}",
	"times times":     "{{ ('a' * 1000000) * 1000000 }}",
	"doubling":        grow("'a'", "ns.x + ns.x"),
	"doubling ~":      grow("'a'", "ns.x ~ ns.x"),
	"doubling join":   grow("'a'", "[ns.x, ns.x]|join"),
	"doubling format": grow("'a'", "'%s%s' % (ns.x, ns.x)"),
	"replace":         grow("'ab'", "ns.x.replace('a', 'aa')"),
	"replace filter":  grow("'ab'", "ns.x|replace('a', 'aa')"),
	"escape":          grow("'&'", "(ns.x|forceescape)|string"),
	"tojson":          grow("'\"'", "ns.x|tojson"),
	"repr":            grow("[1]", "[ns.x, ns.x]|string"),
	"urlencode":       grow("'%'", "ns.x|urlencode"),
	"upper":           grow("'ŉ'", "(ns.x ~ ns.x)|upper"),
	"join":            "{{ ('x' * 10000).join('y' * 100000) }}",
	"texts kept": "{% set ns = namespace(l=[]) %}{% set x = 'a' * 1000000 %}" +
		loops(1, "{% set ns.l = ns.l + [x ~ loop.index] %}"),
}

var hostileWidths = map[string]string{
	"% width":       "{{ '%999999999d' % 1 }}",
	"% star":        "{{ '%*d' % (999999999, 1) }}",
	"% precision":   "{{ '%.999999999d' % 1 }}",
	"format width":  "{{ '{:999999999}'.format(1) }}",
	"center":        "{{ 'a'.center(999999999) }}",
	"center filter": "{{ 'a'|center(999999999) }}",
	"zfill":         "{{ 'a'.zfill(999999999) }}",
	"expandtabs":    "{{ ('\t' * 100000).expandtabs(99999) }}",
	"indent":        "{{ 'a'|indent(999999999) }}",
	"indent lines":  "{{ ('a\n' * 100000)|indent(1000000) }}",
	"tojson indent": "{{ [1]|tojson(indent=999999999) }}",
	"tojson deep":   chain("[v]", "{{ ns.x|tojson(indent=100000) }}"),
	"range":         "{{ range(99999999999)|list }}",
	"slices":        "{{ []|slice(9999999999)|list }}",
	"batch":         "{{ [1]|batch(999999999, 0)|list }}",
	"power":         "{{ 10 ** 999999999 }}",
	"powers":        "{{ 9 ** 9 ** 9 ** 9 ** 9 }}",
	"products":      grow("2", "ns.x * ns.x"),
}

var hostileValues = map[string]string{
	"list doubling":   grow("[1]", "ns.x + ns.x"),
	"list times":      "{{ [1] * 999999999 }}",
	"tree printed":    tree("[v, v]", "{{ ns.x }}"),
	"tree compared":   tree("[v, v]", "{{ ns.x == ns.y }}"),
	"tree ordered":    tree("[v, v]", "{{ ns.x < ns.y }}"),
	"tree as key":     tree("(v, v)", "{{ {ns.x: 1} }}"),
	"tree as JSON":    tree("[v, v]", "{{ ns.x|tojson }}"),
	"tree of dicts":   tree("{1: v, 2: v}", "{{ ns.x == ns.y }}"),
	"chain printed":   chain("[v]", "{{ ns.x }}"),
	"chain compared":  chain("[v]", "{{ ns.x == ns.y }}"),
	"ns in itself":    "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
	"dict":            "{% set ns = namespace(d={}) %}" + loops(2, "{% set ns.d = dict(ns.d, **{loop.index|string: 1}) %}"),
	"chain of map":    chain("v|map('string')", "{{ ns.x|list }}"),
	"chain of batch":  chain("v|batch(1)", "{{ ns.x|list }}"),
	"chain of slice":  chain("v|slice(1)", "{{ ns.x|list }}"),
	"chain of unique": chain("v|unique", "{{ ns.x|list }}"),
}

var hostileWork = map[string]string{
	"sort":       grow("[3, 1, 2]", "(ns.x + ns.x)|sort"),
	"search":     "{% set x = 'a' * 4000000 %}" + loops(1, "{% if 'b' in x %}{% endif %}"),
	"equal":      "{% set x = 'a' * 2000000 %}{% set y = 'a' * 2000000 %}" + loops(1, "{% if x == y %}{% endif %}"),
	"length":     "{% set x = 'ä' * 2000000 %}" + loops(1, "{{ x|length }}"),
	"subscript":  "{% set x = 'ä' * 2000000 %}" + loops(1, "{{ x[1000000] }}"),
	"cut":        "{% set x = 'ä' * 2000000 %}" + loops(1, "{% if x[1:] %}{% endif %}"),
	"reverse":    "{% set x = 'ä' * 200000 %}" + loops(1, "{% if x[::-1] %}{% endif %}"),
	"split":      "{% set x = 'a ' * 100000 %}" + loops(1, "{% set y = x.split() %}"),
	"splitlines": "{% set x = 'a\n' * 100000 %}" + loops(1, "{% set y = x.splitlines() %}"),
	"strip":      "{% set x = 'ab' * 1000000 %}" + loops(1, "{% set y = x.strip(x) %}"),
	"isalpha":    "{% set x = 'ä' * 2000000 %}" + loops(1, "{% set y = x.isalpha() %}"),
	"words":      "{% set x = 'ä ' * 2700000 %}" + loops(1, "{% set y = x|wordcount %}"),
	"adding":     "{% set ns = namespace(x='') %}" + loops(1, "{% set ns.x = ns.x + 'abcdefgh' * 100 %}"),
	"joins":      "{% set ns = namespace(x=[]) %}" + loops(1, "{% set ns.x = ns.x + ['ab'] %}{% set y = ns.x|join(' ') %}"),
	"wordcount":  "{% set x = 'ä ' * 200000 %}" + loops(1, "{% set y = x|wordcount %}"),
}
