"""Writes python.jsonl: what Jinja2 makes of the templates below. See README.md."""
import json
import sys

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_call"), [], [], body).set_lineno(line)

    def _call(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


VARS = {
    "s": "Hello, World", "u": "Ünï 世界 🙂", "e": "", "n": 7, "f": 2.5, "t": True, "z": None,
    "l": [3, 1, 2], "w": ["b", "A", "c"], "d": {"b": 1, "a": [1, {"x": None}], "items": 5},
    "p": [{"n": "x", "v": 2}, {"n": "y", "v": 1}, {"n": "X", "v": 2}], "big": 123456789012345678901234567890,
    "q": "it's \"q\"\n\t\\\x01\x7f\u00a0", "html": "<b>&\"'</b>",
}

# Each line of a text is a template; \n in it stands for a line break. What follows " #!" is only refused by us.
LINES = r'''
{{ s[0] }}{{ s[-1] }}{{ s[1:4] }}{{ s[::-1] }}{{ s[::2] }}{{ s[-3:] }}{{ s[5:1] }}{{ s[10:100] }}{{ s[-100:2] }}
{{ u[0] }}{{ u[-1] }}{{ u[4:6] }}{{ u[::-1] }}{{ u|length }}{{ u[::3] }}
{{ s[99] }}|{{ l[99] }}|{{ l[-4] }}|{{ d.nope }}|{{ d['nope'] }}|{{ l['x'] }}|{{ z.x }}|{{ n.x }}|{{ n[0] }}
{{ l[1.0] }}
{{ l[0:2] }}{{ l[::-1] }}
{{ l[::0] }}
{{ (1,2,3)[1:] }}{{ (1,2,3)[::-2] }}{{ (1,) }}{{ () }}
{{ nope.x }}
{{ nope['x'] }}
{{ nope() }}
{{ nope + 1 }}
{{ 1 + nope }}
{{ 'a' + nope }}
{{ nope ~ 'a' }}
{{ -nope }}
{{ nope < 1 }}
{{ 1 < nope }}
{{ nope == nope2 }}{{ nope == 1 }}{{ nope != 1 }}{{ nope in l }}{{ 1 in nope }}
{{ nope in s }}
{{ 1 in s }}
{{ 1 in 1 }}
{{ 1 in none }}
{% for x in nope %}a{% else %}b{% endfor %}
{% for x in none %}a{% endfor %}
{% for x in 5 %}a{% endfor %}
{{ nope|length }}{{ nope|list }}{{ nope|join(',') }}{{ nope|upper }}{{ nope|string }}
{{ nope|int }}
{{ nope|float }}
{{ nope|abs }}
{{ nope|round }}
{{ nope|first }}|{{ nope|last }}|{{ nope|sort }}|{{ nope|reverse|list }}|{{ nope|unique|list }}|{{ nope|sum }}
{{ nope|tojson }}
{{ [nope]|tojson }}
{{ nope|dictsort }}
{{ nope|items|list }}
{{ [nope, none, true, 1.0] }}
{{ nope is iterable }}{{ nope is sequence }}{{ nope is mapping }}{{ nope is callable }}{{ nope is string }}{{ nope is none }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7 / 2 }} {{ 8 / 2 }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1.0 // 0 }}
{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }} {{ 2 ** 100 }} {{ (-2) ** 3 }} {{ 0 ** 0 }} {{ (-1) ** 7 }} {{ (-1) ** 8 }} {{ 1 ** 99 }} {{ 0 ** 5 }}
{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 * 3 + 4 }} {{ 2 + 3 * 4 }} {{ 2 ~ 3 }}
{{ 2 + 3 ~ 4 }}
{{ 9223372036854775807 + 1 }} {{ -9223372036854775808 - 1 }} {{ 9223372036854775807 * 9223372036854775807 }} {{ big }} {{ big // 7 }} {{ big % 1000 }} {{ -big // 7 }} {{ -big % 7 }} {{ big / 3 }} {{ big == big + 0 }} {{ big > 1 }}
{{ 1.0 }} {{ 1.5 }} {{ 1e3 }} {{ 1e16 }} {{ 1e15 }} {{ 123456789012345.6 }} {{ 1e-4 }} {{ 1e-5 }} {{ 1.5e300 }} {{ 1e22 }} {{ 0.1 + 0.2 }} {{ -0.0 }} {{ 1e400 }} {{ 100000000000000000000.0 }}
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.2_5 }} {{ 00 }} {{ 0X1f }}
{{ 007 }}
{{ 1. }}
{{ .5 }}
{{ 1 == 1.0 }}{{ 1 == true }}{{ 'a' == 'a' }}{{ [1] == [1.0] }}{{ (1,) == [1] }}{{ {'a':1} == {'a':1.0} }}{{ none == none }}{{ none == false }}{{ 1 != 2 }}
{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 3 > 2 == 2 }}{{ 'a' < 'b' }}{{ [1,2] < [1,3] }}{{ [1] < [1,0] }}{{ true < 2 }}{{ 1.5 > 1 }}
{{ 1 < 'a' }}
{{ [] < () }}
{{ {} < {} }}
{{ none < 1 }}
{{ not 1 == 2 }}{{ not true and false }}{{ 1 or 2 and 0 }}{{ '' or 'x' }}{{ 0 and x.y.z }}
{{ 1 if true }}|{{ 1 if false }}|{{ 1 if false else 2 if true else 3 }}|{{ (1 if false) is defined }}
{{ (1 if false) + 1 }}
{{ 'a' * 3 }}{{ 3 * 'a' }}{{ [1] * 2 }}{{ 'a' * -1 }}{{ 'a' * true }}{{ (1,2) * 2 }}
{{ 'a' * 'b' }}
{{ 'a' + 1 }}
{{ [1] + (2,) }}
{{ [1] + [2] }}{{ (1,) + (2,) }}{{ true + true }}{{ 1 - true }}
{{ 'a' - 'b' }}
{{ {'a':1} + {'b':2} }}
{{ +true }}{{ -true }}{{ +1.5 }}{{ -(-3) }}
{{ -'a' }}
{{ 1 ~ 'a' ~ none ~ true ~ 1.0 ~ [1] ~ {'a': 'b'} }}
{{ s.upper() }}{{ s.lower() }}{{ s.title() }}{{ s.swapcase() }}{{ s.capitalize() }}{{ 'straße ﬁ ΑΣ'.upper() }}{{ 'straße ΑΣ ΑΣΑ İ'.lower() }}{{ 'ǆ ß they''re'.title() }}
{{ "they're bill's friends".title() }}{{ "they're bill's friends"|title }}{{ 'foo-bar (baz) [qux] {a} <b> ß'|title }}{{ 'HELLO wORLD'|capitalize }}{{ 'HELLO wORLD'|title }}
{{ s.find('o') }}{{ s.find('o', 5) }}{{ s.find('zz') }}{{ s.rfind('o') }}{{ s.index('W') }}{{ s.count('l') }}{{ s.count('') }}{{ u.find('世') }}{{ s.find('o', -4, -1) }}{{ s.find('', 99) }}{{ s.find('', 12) }}
{{ s.index('zz') }}
{{ s.startswith('He') }}{{ s.startswith(('x','H')) }}{{ s.endswith('d') }}{{ s.startswith('l', 2) }}{{ s.endswith('o', 0, 5) }}{{ s.startswith('') }}{{ s.startswith('', 99) }}{{ s.startswith(()) }}
{{ s.startswith(['H']) }}
{{ s.startswith(none) }}
{{ s.startswith(nope) }}
{{ '  a b  '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xyaxy'.lstrip('yx') }}|{{ 'xyaxy'.rstrip('yx') }}|{{ '  a'.strip(none) }}|{{ '\u3000a\x1f'.strip() }}
{{ 'a'.strip(1) }}
{{ 'a,b,,c'.split(',') }}{{ 'a,b,,c'.split(',', 1) }}{{ 'a b  c '.split() }}{{ ' a b  c '.split(none, 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ ' a b c '.rsplit(none, 1) }}{{ ''.split() }}{{ ''.split(',') }}{{ 'abc'.split('x') }}{{ 'a,b'.split(sep=',', maxsplit=1) }}{{ ' a b '.rsplit() }}{{ 'a--b--c'.rsplit('--') }}
{{ 'abc'.split('') }}
{{ 'a\nb\r\nc\rd\x0be\u2028f'.splitlines() }}{{ 'a\nb\n'.splitlines(true) }}{{ ''.splitlines() }}
{{ ','.join(['a','b']) }}{{ ','.join('abc') }}{{ ','.join({'x':1,'y':2}) }}{{ ','.join([]) }}
{{ ','.join([1]) }}
{{ 'aaa'.replace('a','b') }}{{ 'aaa'.replace('a','b',2) }}{{ 'abc'.replace('','-') }}{{ 'äöü'.replace('','-') }}{{ 'aaa'.replace('aa','b') }}
{{ 'aaa'.replace('a') }}
{{ 'a'.center(5) }}|{{ 'ab'.center(5,'*') }}|{{ 'a'.ljust(3) }}|{{ 'a'.rjust(3,'ä') }}|{{ '-5'.zfill(4) }}|{{ '5'.zfill(3) }}|{{ 'a\tb'.expandtabs(4) }}|{{ 'abc'.center(6,'*') }}|{{ 'abc'.center(2) }}
{{ 'a'.center(5,'xx') }}
{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.partition('-') }}{{ 'abc'.rpartition('-') }}
{{ 'prefix-x'.removeprefix('prefix-') }}{{ 'x.txt'.removesuffix('.txt') }}{{ 'a'.removesuffix('') }}
{{ 'abc'.isalpha() }}{{ 'ab1'.isalpha() }}{{ '123'.isdigit() }}{{ '²'.isdigit() }}{{ '²'.isdecimal() }}{{ '½'.isnumeric() }}{{ ''.isdigit() }}{{ 'a1'.isalnum() }}{{ ' \t'.isspace() }}{{ 'A'.isupper() }}{{ 'aB'.islower() }}{{ 'Ab Cd'.istitle() }}{{ 'a\n'.isprintable() }}{{ 'a_1'.isidentifier() }}{{ 'ä'.isascii() }}{{ '٣'.isdigit() }}{{ 'Ab CD'.istitle() }}{{ 'ǅ'.isupper() }}
{{ 'Hello'.casefold() }}
{{ 'Straße'.casefold() }} #!
{{ 'abc'.encode() }} #!
{{ '{} {}'.format(1, 'a') }}{{ '{0}{1}{0}'.format('a','b') }}{{ '{x}'.format(x=3) }}{{ '{:>5}|{:<5}|{:^5}|{:*^5}'.format('a','b','c','d') }}{{ '{:05d}|{:+d}|{:x}|{:#x}|{:b}|{:,}'.format(42,42,255,255,5,1234567) }}{{ '{:.2f}|{:10.3f}|{:e}|{:g}|{:%}|{:.1%}'.format(3.14159,2.5,12345.678,0.0001,0.25,0.256) }}{{ '{{}}'.format() }}{{ '{!r} {!s}'.format('a','b') }}
{{ '{0[a]} {0.b} {1[0]}'.format({'a':1,'b':2},[5]) }}{{ '{:{}}|'.format('a', 4) }}{{ '{:.3}'.format('abcdef') }}{{ '{:.3}'.format(3.14159) }}{{ '{:.3}'.format(12345.0) }}{{ '{:.3}'.format(100.0) }}{{ '{}'.format(1.0) }}{{ '{:5}|'.format(1) }}{{ '{:<5}|'.format(1.5) }}{{ '{:_}'.format(1234567) }}{{ '{:,.2f}'.format(1234567.891) }}
{{ '{}'.format() }}
{{ '{x}'.format() }}
{{ '{'.format() }}
{{ '{:d}'.format('a') }}
{{ '{:d}'.format(1.5) }}
{{ '%s %d %5.2f %r %x %%' % ('a', 3, 2.5, 'b', 255) }}{{ '%s' % 'a' }}{{ '%(a)s-%(b)03d' % {'a': 1, 'b': 7} }}{{ '%5s|%-5s|%05d|%+d|% d' % ('a','b',42,1,2) }}{{ '%c%c' % ('a', 98) }}{{ '%s' % [1,2] }}{{ '%s' % none }}{{ '%e|%g|%g|%G' % (12345.678, 0.00001, 1e20, 1e-10) }}{{ '%.3s' % 'abcdef' }}{{ '%*d' % (5, 3) }}{{ '%#x %#o %X' % (255, 8, 255) }}{{ '%i %u' % (3.9, -2) }}{{ '%s' % nope }}{{ '%10.4d|' % 42 }}{{ '%-6d|' % 42 }}{{ '%06.2f' % -1.5 }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a','b') }}
{{ '%d' % 'a' }}
{{ '%q' % 1 }}
{{ '%' % 1 }}
{{ '%s'|format('x') }}{{ '%(a)s'|format(a=1) }}{{ '%s %s'|format('x', 2) }}
{{ '%.3g %.10g %g %g %g' % (1234567.0, 1234567.0, 100000.0, 1000000.0, 123456.0) }}{{ '%.0f %.0f %.1f' % (0.5, 1.5, 0.25) }}{{ '%g' % 1e16 }}
{{ d.items() }}{{ d.keys() }}{{ d.values() }}{{ d.items()|list }}{{ d.items()|length }}{{ d.keys()|first }}{{ d.get('b') }}{{ d.get('x') }}{{ d.get('x', 5) }}{{ d['items'] }}
{{ d.items()[0] }}|
{{ d.items }} #!
{{ d.pop('b') }}
{{ l.append(1) }}
{{ l.append }}|{{ l.append is defined }}|{{ d.update is defined }}|{{ l.count is defined }}
{{ d.update({}) }}
{{ l.sort() }}
{{ l.index(2) }}{{ l.count(3) }}{{ (1,2).index(2) }}{{ l.copy() }}{{ d.copy() }}
{{ l.index(99) }}
{{ (1,2).copy() }}
{{ d.__class__ }}|{{ s.__len__ }}|{{ s.__class__ is defined }}
{{ s.__class__.__mro__ }}
{{ s.nope() }}
{{ l.nope() }}
{{ d.nope() }}
{{ n.nope() }}
{% for k in d %}{{ k }},{% endfor %}{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}
{% for k, v in d|items %}{{ k }};{% endfor %}{% for c in 'añ🙂' %}[{{ c }}]{% endfor %}
{% for a, b in [[1,2],[3]] %}{{ a }}{% endfor %}
{% for a, b in [[1,2,3]] %}{{ a }}{% endfor %}
{% for a, (b, c) in [[1,[2,3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }}{{ loop.previtem }}{{ loop.nextitem }}|{% endfor %}
{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }},{{ loop.last }} {% endfor %}
{% for x in l|select('gt', 1) %}{{ loop.index }}/{{ loop.length }}:{{ x }},{{ loop.last }} {% endfor %}
{% for x in l %}{{ loop.cycle('a','b') }}{{ loop.changed(x > 1) }}{% endfor %}{% for x in l %}{{ loop }}{% endfor %}
{% for x in l %}{% for y in [1,2] %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}
{% for x in [1,2,3,4] %}{% if x == 2 %}{% continue %}{% elif x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in [1] %}{% continue %}{% else %}E{% endfor %}|{% for x in [1] %}{% break %}{% else %}E{% endfor %}|{% for x in [1] %}{% else %}E{% endfor %}|{% for x in [] %}{% else %}E{% endfor %}
{% break %}
{% for x in l %}{% macro a() %}{% break %}{% endmacro %}{% endfor %}
{% for x in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}
{% for x in l %}{% filter upper %}a{% if x == 1 %}{% break %}{% endif %}b{% endfilter %}{% endfor %}
{% for x in [{'c':[{'c':[]},{'c':[]}]},{'c':[]}] recursive %}{{ loop.depth }}{{ loop.index }}({{ loop(x.c) }}){% endfor %}
{% for x in l %}{{ loop([1]) }}{% endfor %}
{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}
{% if t %}{% set y = 2 %}{% endif %}{{ y }}{% if not t %}{% set k = 1 %}{% endif %}[{{ k }}]
{% if false %}{% set s = 1 %}{% endif %}{{ s }}
{% set s %}{{ s }}{% endset %}[{{ s }}]
{% macro m() %}[{{ s }}]{% endmacro %}{{ m() }}{% set s = 1 %}{{ m() }}
{% macro m() %}[{{ yy }}]{% endmacro %}{{ m() }}{% set yy = 1 %}{{ m() }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (a, b) = b, a %}{{ a }}{{ b }}{% set a = 1, 2 %}{{ a }}
{% set a, b = 1 %}
{% set ns = namespace(x=1, y='a') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}{{ ns['x'] }}{{ ns }}
{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}{% set ns = namespace({'k': 1}, j=2) %}{{ ns.k }}{{ ns.j }}
{% set d.x = 1 %}
{% set q.x = 1 %}
{% set ns.x = 1 %}
{% set x = 1 if false %}[{{ x }}]{% set x | upper %}abc{% endset %}{{ x }}{% set x | replace('a','b') | upper %}aaa{% endset %}{{ x }}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{{ c }}{% endwith %}[{{ a }}{{ c }}]{% with %}x{% endwith %}
{% set a = 5 %}{% with a = a + 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c=9) }}|{{ m(b=1, a=0) }}|{{ m() }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x=2) }}
{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{{ m }}
{% macro m(a, b) %}{{ a is defined }}{{ b is defined }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(*[1,2]) }}{{ m(**{'a':1}) }}{{ m(1, **{'b':2}) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}
{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}x{% endcall %}
{% macro m() %}{{ caller(1, b=2) }}{% endmacro %}{% call(a, b=0) m() %}{{ a }}{{ b }}{% endcall %}
{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}
{% macro m() %}a{% endmacro %}{% call m() %}x{% endcall %}
{% macro m(caller=none) %}{{ caller }}{% endmacro %}{{ m() }}{% call m() %}x{% endcall %}
{% macro m(caller) %}{{ caller() }}{% endmacro %}
{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% macro o() %}{% macro i() %}in{% endmacro %}{{ i() }}{% endmacro %}{{ o() }}{{ i is defined }}
{% macro m(loop) %}{{ loop }}{% endmacro %}{{ m(3) }}{% macro _p() %}p{% endmacro %}{{ _p() }}
{% for x in l %}{% set loop = 1 %}{% endfor %}
{% for loop in l %}{% endfor %}
{% set true = 1 %}
{% set 'a' = 1 %}
{% set a.b.c = 1 %}
{% generation %}a{% set gg = 1 %}{{ s }}{% endgeneration %}[{{ gg }}]
{% filter upper %}a{{ s }}{% endfilter %}{% filter replace('a','b')|upper %}aXa{% endfilter %}
{% filter nope %}a{% endfilter %}
{% raw %}{{ x }}{% if %}{% endraw %}|{%- raw -%}  a  {%- endraw -%}  |
{% print 1, 'a' %}
{% include 'x' %} #!
{% import 'x' as y %} #!
{% extends 'x' %} #!
{% block a %}x{% endblock %} #!
{% autoescape true %}{{ html }}{% endautoescape %} #!
{% do l.append(1) %}
{% nope %}
{% if %}{% endif %}
{% if t %}
{% endif %}
{% for x l %}{% endfor %}
{{ }}
{{ 1 2 }}
{{ (1 }}
{{ 1) }}
{{ [1, 2 }}
{{ {'a' 1} }}
{{ 'abc }}
{{ a b }}
{{ 1 + }}
{{ f(a=1, 2) }}
{{ f(**a, b) }}
{{ f(*a, *b) }}
{{ dict(a=1, a=2) }}
{{ x is is y }}
{{ 1 is integer is true }}
{{ 1 is not integer }}{{ 1 is divisibleby 3 }}{{ 9 is divisibleby(3) }}{{ 'a' is in 'abc' }}{{ 1 is in [1] }}{{ 3 is gt 2 }}{{ 3 is lessthan(2) }}{{ n is eq 7 and t }}{{ none is none }}{{ s is eq('x') or true }}
{{ 1 is nope }}
{% if false %}{{ 1 is nope }}{{ 1|nope }}{% endif %}x{{ 1 if true else (2|nope) }}
{% for x in [] %}{{ x|nope }}{% endfor %}
{% if true %}{{ 1|nope }}{% endif %}
{% if true %}{{ 1 is nope }}{% endif %}
{{ 'upper' is filter }}{{ 'nope' is filter }}{{ 'odd' is test }}{{ 'x' is test }}{{ 1 is boolean }}{{ true is boolean }}{{ true is integer }}{{ 1.0 is float }}{{ true is number }}{{ 'a' is string }}{{ [] is sequence }}{{ {} is mapping }}{{ 'a' is iterable }}{{ 1 is iterable }}{{ range is callable }}{{ range(3) is sequence }}{{ d.items() is sequence }}{{ d.items() is iterable }}{{ (l|map('int')) is sequence }}{{ 'A' is upper }}{{ 1 is lower }}{{ none is sameas none }}{{ 1 is sameas true }}{{ 3 is sameas 3 }}{{ (1|string) is escaped }}{{ ('a'|safe) is escaped }}{{ s is true }}{{ 0 is false }}
{{ 'a' is odd }}
{{ 1.5 is odd }}{{ 3.0 is odd }}{{ true is odd }}
{{ range(3) }}{{ range(3)|list }}{{ range(1,10,3)|list }}{{ range(5,0,-2)|list }}{{ range(0)|list }}{{ range(3)|length }}{{ range(5)[2] }}{{ range(5)[-1] }}{{ 3 in range(5) }}{{ range(1,4) == range(1,4) }}{{ range(3)|last }}{{ range(3)|reverse|list }}
{{ range(1000000) }}
{{ range('a') }}
{{ range(1,2,0) }}
{{ range() }}
{{ dict(a=1, b=2) }}{{ dict([['a',1]]) }}{{ dict({'x':1}, y=2) }}{{ dict() }}
{{ dict([1]) }}
{{ dict(nope) }}
{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}{% set j = joiner('-') %}{{ j() }}{{ j() }}{{ j() }}
{{ cycler() }}
{{ lipsum(1) }} #!
{{ {'a': 1, 'a': 2, 1: 'x', true: 'y', 1.0: 'z', none: 'n', (1,2): 't'} }}{{ {1: 'a'}[1.0] }}{{ {(1,2): 3}[(1,2)] }}
{{ {[1]: 2} }}
{{ [1] in d }}
{{ d[[1]] }}|{{ d[{}] }}
{{ d.get([1]) }}
{{ {'a': {'b': [1, 2.0, none, true, 'x\'y', "x\"y"]}} }}{{ [q] }}{{ ['é世🙂\u200b\ud7ff\u2028'] }}
{{ q }}
{{ d|tojson }}{{ [1, 2.0, none, true, 'é🙂', 1e20, 1e16, 1e-7]|tojson }}{{ q|tojson }}{{ html|tojson }}
{{ d|tojson(indent=2) }}{{ d|tojson(indent=0) }}{{ []|tojson(indent=2) }}{{ {}|tojson(indent=1) }}{{ [[]]|tojson(indent='\t') }}{{ {'a':1}|tojson(indent=true) }}
{{ u|tojson(ensure_ascii=true) }}{{ q|tojson(true) }}{{ d|tojson(sort_keys=true) }}{{ d|tojson(separators=(',',':')) }}{{ d|tojson(indent=1, separators=(';','=')) }}
{{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }}{{ (1,2)|tojson }}{{ ('a'|safe)|tojson }}{{ big|tojson }}
{{ {(1,2): 3}|tojson }}
{{ {'a': 1, 2: 3}|tojson(sort_keys=true) }}
{{ d.items()|tojson }}
{{ l|map('int')|tojson }}
{{ namespace()|tojson }}
{{ range(3)|tojson }}
{{ l|map('string') }} #!
{{ l.index }} #!
{{ range }} #!
{{ l|select }} #!
{{ l|map('string')|list }}{{ p|map(attribute='n')|join(',') }}{{ p|map(attribute='q', default='D')|list }}{{ w|map('upper')|list }}{{ w|map('replace','b','x')|list }}{{ [[1,2],[3,4]]|map('first')|list }}{{ [[1,2]]|map(attribute=1)|list }}{{ [{'a':{'b':1}}]|map(attribute='a.b')|list }}{{ []|map('nope')|list }}
{{ l|map('nope')|list }}
{{ l|map|list }}
{{ l|map(attribute='a', x=1)|list }}
{{ l|select('odd')|list }}{{ l|reject('odd')|list }}{{ [0,1,'']|select|list }}{{ p|selectattr('v','eq',2)|map(attribute='n')|list }}{{ p|rejectattr('v','equalto',2)|list }}{{ p|selectattr('n')|list|length }}{{ l|select('>', 1)|list }}{{ l|select('in', [1,2])|list }}{{ p|selectattr('zz','defined')|list }}{{ p|selectattr('zz','undefined')|list|length }}{{ w|select('equalto','b')|list }}
{{ l|select('nope')|list }}
{{ p|selectattr|list }}
{{ none|select|list }}{{ 0|map('x')|list }}
{{ 5|select|list }}
{% set g = l|select('gt',1) %}{{ g|list }}{{ g|list }}{% if l|select('gt',9) %}true{% endif %}
{{ (l|select('gt',1))[0] }}|{{ l|select('gt',1)|first }}
{{ (l|select('gt',1))[0:1] }}
{{ l|select('gt',1)|length }}
{{ l|select('gt',1)|last }}
{{ l|sort }}{{ w|sort }}{{ w|sort(case_sensitive=true) }}{{ l|sort(reverse=true) }}{{ p|sort(attribute='v')|map(attribute='n')|list }}{{ p|sort(attribute='v,n')|map(attribute='n')|list }}{{ p|sort(attribute='n')|map(attribute='n')|list }}{{ p|sort(reverse=true, attribute='v')|map(attribute='n')|list }}{{ 'cab'|sort }}{{ d|sort }}{{ [[2,1],[1,5]]|sort(attribute=0) }}
{{ [1,'a']|sort }}
{{ [none,1]|sort }}
{{ w|unique|list }}{{ w|unique(true)|list }}{{ ['a','A','b']|unique|list }}{{ p|unique(attribute='v')|map(attribute='n')|list }}{{ [1,1.0,true]|unique|list }}
{{ [[1]]|unique|list }}
{{ l|min }}{{ l|max }}{{ w|min }}{{ w|max }}{{ p|max(attribute='v') }}{{ []|min }}{{ p|min(attribute='v') }}{{ ['a','B']|max(case_sensitive=true) }}
{% for g, items in p|groupby('v') %}{{ g }}:{{ items|map(attribute='n')|join(',') }};{% endfor %}{% for x in p|groupby('n') %}{{ x.grouper }}{{ x.list|length }}{{ x }}{% endfor %}{{ p|groupby('zz', default='D') }}{{ p|groupby('n', case_sensitive=true)|length }}
{{ l|sum }}{{ p|sum(attribute='v') }}{{ [[1],[2]]|sum(start=[]) }}{{ [1.5, 2]|sum }}{{ []|sum }}{{ l|sum(start=10) }}
{{ ['a']|sum }}
{{ ['a']|sum(start='') }}
{{ l|first }}{{ l|last }}{{ []|first }}|{{ []|last }}{{ s|first }}{{ s|last }}{{ d|first }}{{ d|last }}{{ d.values()|last }}
{{ 5|first }}
{{ l|reverse|list }}{{ s|reverse }}{{ d|reverse|list }}{{ (l|map('int'))|reverse }}{{ (1,2)|reverse|list }}
{{ l|join }}{{ l|join(', ') }}{{ p|join(',', attribute='n') }}{{ [1,none,nope,'a']|join('|') }}{{ s|join('.') }}{{ d|join }}{{ l|join(1) }}
{{ 5|join }}
{{ l|length }}{{ s|count }}{{ d|length }}
{{ 5|length }}
{{ none|length }}
{{ s|upper }}{{ s|lower }}{{ 5|upper }}{{ none|lower }}{{ '  a '|trim }}|{{ 'xax'|trim('x') }}{{ 5|trim }}{{ nope|trim }}{{ s|replace('o','0') }}{{ s|replace('o','0',1) }}{{ 555|replace(5, 6) }}{{ s|replace('o', '0', count=1) }}
{{ 'a'|center(5) }}|{{ 'abc def ghi'|truncate(7) }}|{{ 'abc def ghi'|truncate(7, leeway=0) }}|{{ 'abc def ghi'|truncate(7, true, leeway=0) }}|{{ 'abcdef'|truncate(4, end='', leeway=0) }}|{{ 'a b c_d e-f'|wordcount }}
{{ 'abc'|truncate(2) }}
{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2) }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(2, blank=true) }}|{{ 'a\nb'|indent('> ') }}|{{ 'a\nb\n'|indent(1, true) }}|{{ ''|indent }}|{{ ''|indent(2, true) }}|{{ '\n'|indent(2,true,true) }}
{{ 5|indent }}
{{ '5'|int }}{{ ' 5 '|int }}{{ '5.9'|int }}{{ 'x'|int }}{{ 'x'|int(7) }}{{ 'ff'|int(base=16) }}{{ '0xff'|int(0, 16) }}{{ '0b11'|int(base=2) }}{{ '1_000'|int }}{{ none|int }}{{ [1]|int }}{{ true|int }}{{ -3.9|int }}{{ '1e3'|int }}{{ '٣'|int }}{{ 'inf'|int }}{{ 1e20|int }}{{ '-5'|int }}{{ '+5'|int }}{{ '0x1f'|int(base=0) }}{{ '12'|int(base=3) }}{{ '9'|int(5, base=8) }}
{{ '1e400'|float|int }}
{{ '5'|float }}{{ '5.5e1'|float }}{{ 'x'|float }}{{ 'x'|float(1.5) }}{{ none|float }}{{ true|float }}{{ 'inf'|float }}{{ 'nan'|float }}{{ ' 1_0.5 '|float }}{{ '-infinity'|float }}{{ '1__0'|float }}{{ '0x10'|float }}{{ ''|float }}{{ '.5'|float }}{{ '5.'|float }}
{{ 2.5|round }}{{ 3.5|round }}{{ 2.675|round(2) }}{{ 1234|round(-2) }}{{ 2.1|round(method='ceil') }}{{ 2.9|round(method='floor') }}{{ 2.123|round(2,'ceil') }}{{ 5|round }}{{ 1250|round(-2) }}{{ 1350|round(-2) }}{{ 1250.0|round(-2) }}{{ -2.5|round }}{{ true|round }}{{ 5|round(method='floor') }}
{{ 'a'|round }}
{{ 2|round(0,'x') }}
{{ -5|abs }}{{ -5.5|abs }}{{ true|abs }}{{ (-5)|abs }}{{ (-big)|abs == big }}
{{ 'a'|abs }}
{{ nope|default('d') }}{{ e|default('d') }}{{ e|default('d', true) }}{{ none|default('d') }}{{ none|d('d', true) }}{{ nope|default }}{{ d.x|default('y') }}{{ 0|default(5, boolean=true) }}
{{ nope.x|default('d') }}
{{ d|dictsort }}
{{ {'b':1,'A':2,'c':0}|dictsort }}{{ {'b':1,'A':2}|dictsort(true) }}{{ {'b':1,'A':2}|dictsort(by='value') }}{{ {'b':1,'A':2}|dictsort(reverse=true) }}{{ {'b':1,'A':2}|dictsort(false, 'key', true) }}
{{ {'b':1}|dictsort(by='x') }}
{{ [1]|dictsort }}
{{ 5|items|list }}
{{ 5|items is iterable }}{{ {}|items|list }}
{{ l|batch(2)|list }}{{ l|batch(2,'x')|list }}{{ l|slice(2)|list }}{{ l|slice(2,'x')|list }}{{ [1,2,3,4,5,6,7]|slice(3)|list }}{{ [1,2,3,4,5,6,7]|batch(3)|list }}
{{ l|attr('count') is callable }}{{ d|attr('b') }}|{{ namespace(a=1)|attr('a') }}|{{ s|attr('nope') is defined }}
{{ 1000|filesizeformat }}{{ 1|filesizeformat }}{{ 999|filesizeformat }}{{ 1536|filesizeformat(true) }}{{ 123456789|filesizeformat }}{{ '2000'|filesizeformat }}{{ 0|filesizeformat }}
{{ html|e }}{{ html|escape|safe }}{{ html|safe|e }}{{ html|safe|forceescape }}{{ (html|e) + '<' }}{{ '<' + (html|safe) }}{{ ('<'|safe) ~ '<' }}{{ ('a'|safe)|upper + '<' }}{{ ['<'|safe] }}{{ ('%s'|safe) % '<' }}{{ ('<'|safe).join(['>','<']) }}{{ ('a<b'|safe).replace('a','<') }}{{ ('a b'|safe).split() }}{{ ('ab'|safe)[0] + '<' }}{{ ('<'|safe) * 2 + '<' }}{{ ('<'|safe)|string + '>' }}{{ ('<'|safe)|replace('<','>') + '<' }}{{ ('a'|safe)|trim + '<' }}{{ [('<'|safe), '>']|join }}{{ ('a<b'|safe|list) }}{{ ('a\nb'|safe)|indent + '<' }}{{ ('a'|safe) == 'a' }}{{ none|safe }}
{{ 'a b/ü?&'|urlencode }}{{ {'a': 1, 'b c': 'x&y'}|urlencode }}{{ [['a', 1]]|urlencode }}{{ 5|urlencode }}
{{ {'a': 1, 'b': none, 'c': '<'}|xmlattr }}{{ {'a': 1}|xmlattr(false) }}
{{ {'a b': 1}|xmlattr }}
{{ l|pprint }} #!
{{ l|random }} #!
{{ 'a b'|wordwrap(1) }} #!
{{ 'a'|urlize }} #!
{{ '<b>x</b>'|striptags }} #!
{{ raise_exception('boom') }}
{{ raise_exception() }}
{{ range(3).nope }}
{{ 'a' 'b' "c" }}{{ 'a\tb\\n\x41\u00e9\U0001F642\101\q\'' }}{{ "a\
b" }}
{{ '\N{BULLET}' }} #!
{{ '\ud83d' }} #!
{{ '\x4' }}
{{ 'a'.upper }} #!
{{ '{:.3} {:.3} {:.3} {:.5} {:.2} {:.1} {:.15} {:.0}'.format(123.0, 100.0, 99.0, 1234.0, 12.0, 1.0, 1e10, 5.0) }}
{{ {'a': {'b': {'c': 1}}}.a.b.c }}{{ {'a.b': 1}['a.b'] }}{{ [[1,2],[3]].0.1 }}{{ d.a.1.x }}{{ (l|list)[0] }}{{ l[0] + l[1] * l[2] }}{{ s.upper().lower()[0:2] }}{{ s|upper|lower|replace('h','j') }}
{{ 5 % 3 }}{{ '%d' % 5 }}{{ 5 // 2 * 2 }}{{ -5|abs }}{{ '' ~ 2 * 3 }}{{ 2 ** 3|abs }}{{ -2 ** 2|abs }}
{{ not not 1 }}{{ not [] }}{{ not 'a' in 'abc' }}{{ 1 not in [1] }}{{ (not 1) in [false] }}
{{ a if a is defined else 'none' }}{{ s if s is string and s|length > 3 else 'x' }}{{ 'x' if not nope else 'y' }}
{{ [x for x in l] }}
{{ l[0:2:1][1] }}{{ s[n:] }}{{ s[:none] }}
{{ s[nope:] }}
{{ s['a':] }}
{{ s[true] }}{{ l[false] }}{{ l[big] }}
{{ l[:big] }}{{ l[-big:] }}
{{ 'a' in ['a','b'] }}{{ 'a' in {'a':1} }}{{ 'z' not in s }}{{ 1 in (1,2) }}{{ 'b' in d.keys() }}{{ 1 in d.values() }}{{ ('b',1) in d.items() }}{{ '' in '' }}{{ none in [none] }}{{ 1.0 in [1] }}
{%- if t -%} a {%- endif -%} b
a {%- if t %} b {% endif -%} c
  {% if t %}\n  x\n  {% endif %}\n  y\n
a\n  {%+ if t %}x{% endif %}\n
a  {% if t %}x{% endif %}\n b
{% if t +%}\nx{% endif %}\n\n
{{ s }}\n\n{{ s }}\n
{# c #}\n a {#- c -#} b\n  {# c #}\nx{#+ c +#}\ny
{{- s -}}\n x {{- s }}\n
\n{% set a = 1 %}\n\n{{ a }}\n\n
a\r\nb\r{{ 'x\ny' }}\n
{%- set a = '\n' -%}{{ a }}|{{ "a
b" }}
{{ '}}' }}{{ '%}' }}{{ {'a':{'b':1}} }}{{{'a':1}}}
{% if '%}' == '%}' %}x{% endif %}{% set x = {'a': '}'} %}{{ x.a }}
{#
{{ {#x#} }}
{{ 'a' }
{ { x } } {x} {%
# {{ 1 }} ## {% set x = 1 %} #}
{%if t%}a{%else%}b{%endif%}{%  for  x  in  l  %}{{x}}{%endfor%}
{% if t: %}a{% endif %}
{% if t %}a{% elif nope.x %}b{% else %}c{% endif %}{% if nope %}a{% elif t %}b{% endif %}
{% if nope.x %}a{% endif %}
{% for x in l, 5 %}{{ x }}{% endfor %}
{% for x in (l if t else []) %}{{ x }}{% endfor %}
{% for x in l if t else [] %}{{ x }}{% endfor %}
{% set x = l if t else [] %}{{ x }}
{% for x in l if x is defined recursive %}{{ x }}{% endfor %}
{{ x is defined if t else 2 }}
{{ loop }}|{{ loop.index }}
{% for x in l %}{% if loop.first %}{% set first = x %}{% endif %}{{ first }}{% endfor %}
{% for x in l %}{% set m = loop.index %}{% for y in l %}{{ m }}{{ loop.index }},{% endfor %}{% endfor %}
{% for i in range(3) %}{% set x = (x|default(0)) + 1 %}{{ x }}{% endfor %}
{% macro a(x) %}{% set y = x * 2 %}{{ y }}{% endmacro %}{% set y = 5 %}{{ a(1) }}{{ y }}
{% set f = namespace(g=none) %}{% macro h() %}h{% endmacro %}{% set f.g = h %}{{ f.g() }}
{% set x = 1 %}{% macro h() %}{{ x }}{% endmacro %}{% for x in [7] %}{{ h() }}{% endfor %}
{% for x in [7] %}{% macro h() %}{{ x }}{% endmacro %}{{ h() }}{% endfor %}
{% set outer = 'o' %}{% macro w() %}<{{ caller() }}>{% endmacro %}{% for x in l %}{% call w() %}{{ outer }}{{ x }}{{ loop.index }}{% endcall %}{% endfor %}
{% macro m(x) %}{% for y in x %}{{ y }}{% if not loop.last %},{% endif %}{% endfor %}{% endmacro %}{{ m([1,2]) }}{{ m(l|map('string')) }}
{% macro m() %}  {{- caller() -}}  {% endmacro %}[{% call m() %} x {% endcall %}]
{{ (s, n)[0] }}{{ ((1, 2), 3)[0][1] }}{{ [s, [n]][1][0] }}
{{ 'ß'|upper }}{{ 'ŉ'|title }}{{ 'Σ'|lower }}{{ 'AΣ'|lower }}{{ 'ΑΣ.'|lower }}{{ 'ǆ'|capitalize }}
{{ s.upper(1) }}
{{ s.split(1) }}
{{ s.join(5) }}
{{ s(1) }}
{{ 5() }}
{{ none() }}
{{ d() }}
{{ namespace(1) }}
{{ self }} #!
{{ super() }}
{{ caller }}{{ varargs }}{{ kwargs }}
{{ 1|default }}{{ none }}{{ None }}{{ True }}{{ FALSE }}{{ NONE }}
{{ s|format }}
{{ 3.0 // 2 }}{{ 3 // 2.0 }}{{ -3.5 // 1 }}{{ 1e308 * 10 }}{{ 5.0 % 3 }}{{ -5.0 % 3 }}{{ 5.0 % -3 }}{{ 0.0 // 5 }}{{ -0.0 // 5 }}{{ 6.0 / 4 }}
{{ 10 ** 400 + 1.5 }}
{{ 1e308 ** 2 }}
{{ (-8) ** 0.5 }} #!
{{ 0 ** -1 }}
{{ 1 in [nope] }}{{ nope in [nope] }}{{ [nope] == [nope2] }}
{{ l|list == l }}{{ l|map('int')|list == l }}{{ d == d.copy() }}{{ {'a':1,'b':2} == {'b':2,'a':1} }}
{{ "%s" % (1,) }}{{ "%s" % ((1,2),) }}
{{ '%s %s' % l[:2] }}
{{ '%s' % l }}{{ 'a' % [] }}{{ 'a' % {} }}
{{ ('a', 'b')|join }}{{ ('a', 'b') ~ '' }}
{{ d | tojson | length }}{{ d | string | length }}{{ d.a | length }}
{{ 'abc' | list }}{{ d | list }}{{ 'a-b' | replace('-', '') | upper | list | join('.') }}
{{ '1,2,3'.split(',') | map('int') | sum }}{{ '1 2'.split() | map('float') | list }}
{{ [1,2,3] | map('string') | join(',') | upper }}
{{ [[1,2],[3]] | sum(start=[]) | length }}{{ ([1] + [2])[::-1] }}
'''


def cases():
    for line in LINES.replace("\\\nb\"", "\x00b\"").replace("\"a\nb\"", "\"a\x01b\"").split("\n"):
        if not line:
            continue
        line = line.replace("\x00", "\\\n").replace("\x01", "\n")
        refused = line.endswith(" #!")
        if refused:
            line = line[:-3]
        template = line
        if not ("'" in line or '"' in line) or line.startswith(("  {%", "a\\n", "{{ s }}", "a\\r")):
            template = line.replace("\\n", "\n").replace("\\r", "\r")
        yield template, refused


def main():
    env = environment()
    sys.stdout.write(json.dumps({"vars": VARS}, ensure_ascii=True) + "\n")
    for template, refused in cases():
        row = {"template": template}
        try:
            row["output"] = env.from_string(template).render(**VARS)
            json.dumps(row["output"]).encode("ascii")
            row["output"].encode("utf-8")
        except Exception as e:
            row.pop("output", None)
            row["error"] = f"{type(e).__name__}: {e}"[:200]
        if refused:
            row["refused"] = True
            row.pop("output", None)
        sys.stdout.write(json.dumps(row, ensure_ascii=True) + "\n")


main()
