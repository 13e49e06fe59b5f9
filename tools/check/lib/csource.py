"""Reads C and shell sources for tools/check/originality.

Turns a file into tokens that know their line, and marks those that the
contract with the rest of the kernel dictates: they say nothing about who wrote
the code, so the comparison leaves them out ("exempt"). "Short" ones, a header's
macros and inline functions of two statements, are left out of the windows
only: each is dictated, but their order is not.
"""
import re

KEYWORDS = frozenset("""
    auto break case char const continue default do double else enum extern
    float for goto if inline int long register restrict return short signed
    sizeof static struct switch typedef typeof union unsigned void volatile
    while
""".split())

SHELL_KEYWORDS = frozenset("""
    if then else elif fi for in do done while until case esac function
    return exit local set echo test
""".split())

C_TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<splice>\\\n)
  | (?P<newline>\n)
  | (?P<space>[^\S\n]+)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct>->|\+\+|--|<<=|>>=|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\#\#|\.\.\.|.)
""", re.S | re.X)

SHELL_TOKEN = re.compile(r"""
    (?P<comment>(?<![^\s;])\#[^\n]*)
  | (?P<splice>\\\n)
  | (?P<newline>\n)
  | (?P<space>[^\S\n]+)
  | (?P<string>"(?:\\.|[^"\\])*"|'[^']*')
  | (?P<number>\d+\b)
  | (?P<word>[A-Za-z_][\w-]*)
  | (?P<punct>&&|\|\||;;|.)
""", re.S | re.X)


class Token:
    """One token; `exempt` says why it does not count, or is None."""
    __slots__ = ("kind", "text", "line", "column", "exempt")

    def __init__(self, kind, text, line, column):
        self.kind, self.text = kind, text
        self.line, self.column = line, column
        self.exempt = None

    def is_(self, *texts):
        return self.kind != "string" and self.text in texts


class Source:
    """The tokens of one file, and the text of its comments."""

    def __init__(self, text, shell=False, header=False):
        self.keywords = SHELL_KEYWORDS if shell else KEYWORDS
        self.tokens, self.comments = [], []
        self.directives = self._scan(text, SHELL_TOKEN if shell else C_TOKEN)
        if not shell:
            _exempt_directives(self.directives, header)
            inside = {id(t) for d in self.directives for t in d}
            _Statements([t for t in self.tokens if id(t) not in inside],
                        header).mark()

    def _scan(self, text, pattern):
        """Fills tokens and comments; returns the preprocessor's lines."""
        line, start, directive, directives = 1, 0, None, []
        for match in pattern.finditer(text):
            kind, value = match.lastgroup, match.group()
            if kind == "comment":
                self.comments.append((line, value))
            elif kind == "newline":
                directive = None
            elif kind not in ("space", "splice"):
                token = Token(kind, value, line, match.start() - start)
                fresh = not self.tokens or self.tokens[-1].line != line
                if directive is None and value == "#" and fresh:
                    directive = []
                    directives.append(directive)
                if directive is not None:
                    directive.append(token)
                self.tokens.append(token)
            if "\n" in value:
                line += value.count("\n")
                start = match.start() + value.rindex("\n") + 1
        return directives

    def lines(self):
        """[(line number, its code)] without lines of punctuation alone."""
        rows = {}
        for token in self.tokens:
            if token.exempt in (None, "short"):
                rows.setdefault(token.line, []).append(token)
        return [(number, " ".join(t.text for t in row))
                for number, row in sorted(rows.items())
                if any(t.kind != "punct" for t in row)]

    def stream(self):
        """[(line number, token)] with names, numbers and strings blanked.

        A function's header leaves one mark, so that what ends one body and
        what begins the next do not look like one stretch of code.
        """
        out = []
        for token in self.tokens:
            if token.exempt == "header":
                if not out or out[-1][1] != "HEADER":
                    out.append((token.line, "HEADER"))
            elif not token.exempt:
                name = token.text
                if token.kind == "word" and name not in self.keywords:
                    name = "NAME"
                elif token.kind in ("number", "string"):
                    name = token.kind.upper()
                out.append((token.line, name))
        return out

    def sentences(self):
        """[(line number, words)] of each sentence in the comments."""
        out = []
        for line, text in self.comments:
            for paragraph in re.split(r"\n[\s*#/]*\n", text):
                for part in re.split(r"[.!?:;]+(?=\s|$|\*/)", paragraph):
                    out.append((line, words(part)))
        return out

    def comment_words(self):
        """Every word of the comments in order, as one string."""
        return " %s " % " ".join(w for _, t in self.comments for w in words(t))


def words(text):
    """The words of a text, in lower case and without punctuation."""
    return re.findall(r"[a-z0-9_']+", text.lower())


def _exempt_directives(directives, header):
    """#include, conditions and plain names are a contract, not code.

    A macro with parameters, or with more than one token behind its name, is
    code; in a header it is a short one, like an inline function.
    """
    for tokens in directives:
        defines = len(tokens) > 2 and tokens[1].text == "define"
        plain = not defines or len(tokens) <= 4         # "#define NAME TOKEN"
        for token in tokens:
            if plain:
                token.exempt = "directive"
            elif header and "{" not in [t.text for t in tokens]:
                token.exempt = "short"


class _Statements:
    """Finds declarations, function headers, members and initialisers."""

    def __init__(self, tokens, header):
        self.tokens = tokens
        self.header = header
        self.context = []       # "func", "struct" or "init" per open brace
        self.start = 0          # where the statement at hand begins
        self.closed = False     # whether a struct's members just ended
        self.inline = None      # where the body of a header's inline begins
        self.parens = 0

    def mark(self):
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.is_("(", "["):
                self.parens += 1
            elif token.is_(")", "]"):
                self.parens = max(0, self.parens - 1)
            elif token.is_("{"):
                self._open(index)
            elif token.is_("}"):
                self._close(index)
            elif token.is_(";") and not self.parens:
                self._semicolon(index)
            if token.is_(".", "[") and self._is_designator(index):
                index = self._skip_initialiser(index)
                continue
            if "struct" in self.context:
                token.exempt = token.exempt or "member"
            index += 1

    def _statement(self, end):
        return self.tokens[self.start:end]

    def _open(self, index):
        before = self._statement(index)
        texts = [t.text for t in before]
        if "=" in texts:
            kind = "init"
        elif ("struct" in texts or "union" in texts) and "(" not in texts:
            kind = "struct"
            for token in before:
                token.exempt = "member"
        else:
            kind = "func"
            if not self.context and "(" in texts:
                for token in before:
                    token.exempt = "header"
                if self.header and "inline" in texts:
                    self.inline = index
        self.context.append(kind)
        self.closed = False
        self.start, self.parens = index + 1, 0

    def _close(self, index):
        if self.inline is not None and len(self.context) < 2:
            self._exempt_accessor(self.tokens[self.inline:index + 1])
            self.inline = None
        ended = self.context[-1:] == ["struct"]
        if self.tokens[index].column == 0:
            # The end of a top-level block, whatever the branches of an #if
            # that opened a brace each have made of the count.
            self.context.clear()
        elif self.context:
            self.context.pop()
        self.closed = ended
        self.start, self.parens = index + 1, 0

    @staticmethod
    def _exempt_accessor(body):
        """Exempts a header's inline of one statement; notes one of two.

        The contract fixes its name, parameters and effect, which leaves one
        way to write it.
        """
        texts = [t.text for t in body]
        if ({"for", "while", "switch"} & {*texts} or texts.count("{") > 1
                or texts.count(";") > 2):
            return
        plain = "if" not in texts and texts.count(";") < 2
        for token in body:
            token.exempt = "accessor" if plain else "short"

    def _semicolon(self, index):
        statement = self._statement(index + 1)
        if self.closed:
            # `} name;` after the members.
            statement.insert(0, self.tokens[self.start - 1])
        if not self.context and (self.closed or _is_declaration(statement)):
            for token in statement:
                token.exempt = "declaration"
        self.start, self.closed = index + 1, False

    def _is_designator(self, index):
        """Whether `.member =` or `[index] =` of an initialiser starts here."""
        if not index or not self.tokens[index - 1].is_("{", ","):
            return False
        depth = 0
        for token in self.tokens[index:index + 32]:
            if token.is_("["):
                depth += 1
            elif token.is_("]"):
                depth -= 1
            elif not depth and token.is_("="):
                return True
            elif not depth and not (token.is_(".") or token.kind == "word"):
                return False
        return False

    def _skip_initialiser(self, index):
        """Exempts a designated initialiser; returns where the next begins."""
        if self.tokens[index].is_("["):
            self.parens = max(0, self.parens - 1)
        depth = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.is_("(", "[", "{"):
                depth += 1
            elif token.is_(")", "]", "}"):
                if not depth:
                    break
                depth -= 1
            token.exempt = "initialiser"
            index += 1
            if token.is_(",") and not depth:
                break
        return index


def _is_declaration(statement):
    """Whether a top-level statement is what the contract dictates.

    That is a prototype, an extern variable, `struct name;` or EXPORT_SYMBOL.
    A prototype has a type before its name, which tells it from macros that
    define something, such as `static LIST_HEAD(list);`.
    """
    texts = [t.text for t in statement]
    if texts[0].startswith("EXPORT_SYMBOL") or texts[0] == "extern":
        return True
    if "=" in texts:
        return False
    if "(" not in texts:
        return texts[0] in ("struct", "union", "enum") and len(texts) == 3
    head = [t for t in statement[:texts.index("(")]
            if t.kind == "word" and t.text not in ("static", "inline")]
    return len(head) >= 2
