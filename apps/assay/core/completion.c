/*
 * apps/assay/core/completion.c - `assay completion SHELL`: completion scripts, and the manual:
 * a page a command and their list, generated from the tables of commands and verbs (options.h).
 *
 * The build installs what this prints (cmake/assay_pages.sh).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ from the table of verbs */

static bool is_first_of_group(size_t index)
{
    const char *const group = cli_verb_at(index)->group;
    for (size_t i = 0; i < index; i++)
        if (strcmp(cli_verb_at(i)->group, group) == 0) return false;
    return true;
}

static bool is_word(const char *value, const char *word)
{
    return value != NULL && strcmp(value, word) == 0;
}

static bool is_folder(const struct assay_option *o)
{
    return is_word(o->value, "DIR");
}

static bool is_file(const struct assay_option *o)
{
    return is_word(o->value, "FILE") || is_word(o->value, "PATH");
}

static bool is_choice(const struct assay_option *o)
{
    return o->value != NULL && strchr(o->value, '|') != NULL && o->value[0] >= 'a' &&
           o->value[0] <= 'z';
}

/* "a|b" as "a b". */
static void put_choices(const struct assay_option *o, FILE *out)
{
    for (const char *c = o->value; *c != '\0'; c++)
        (void)fputc(*c == '|' ? ' ' : *c, out);
}

static void put_groups(FILE *out)
{
    const struct assay_verb *v = NULL;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (is_first_of_group(i)) (void)fprintf(out, " %s", v->group);
}

/* ------------------------------------------------------------ bash */

static void put_bash_verb(const struct assay_verb *v, FILE *out)
{
    (void)fprintf(out, "    '%s%s%s')\n        options='--help", v->group,
                  v->verb[0] != '\0' ? " " : "", v->verb);
    for (const struct assay_option *o = v->options; o->name != NULL; o++)
        (void)fprintf(out, " --%s", o->name);
    (void)fputs("'\n        case $before in\n", out);
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        if (o->value == NULL) continue;
        (void)fprintf(out, "        --%s) ", o->name);
        if (is_choice(o)) {
            (void)fputs("words='", out);
            put_choices(o, out);
            (void)fputs("' ;;\n", out);
        } else {
            (void)fprintf(out, "want=%s ;;\n",
                          is_folder(o) ? "folder"
                          : is_file(o) ? "file"
                                       : "text");
        }
    }
    (void)fputs("        esac\n        ;;\n", out);
}

static void put_bash(FILE *out)
{
    const struct assay_verb *v = NULL;
    (void)fputs("# bash completion of assay; made by `assay completion bash`\n"
                "_assay() {\n"
                "    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                "    local group=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} options= words= want=\n"
                "    COMPREPLY=()\n"
                "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                "        COMPREPLY=($(compgen -W '--help --version help",
                out);
    put_groups(out);
    (void)fputs("' -- \"$now\"))\n        return\n    fi\n    case $group in\n", out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        if (!is_first_of_group(i)) continue;
        const struct assay_verb *w = NULL;
        (void)fprintf(out, "    %s) words='", v->group);
        bool any = false, alone = false;
        for (size_t k = i; (w = cli_verb_at(k)) != NULL; k++) {
            if (strcmp(w->group, v->group) != 0) continue;
            if (w->verb[0] == '\0') alone = true;
            else (void)fprintf(out, "%s%s", any ? " " : "", w->verb);
            any = any || w->verb[0] != '\0';
        }
        (void)fprintf(out, "'%s ;;\n", alone && !any ? " verb=" : "");
    }
    (void)fputs("    esac\n"
                "    if [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$words\" ] &&\n"
                "        [ \"${now#-}\" = \"$now\" ]; then\n"
                "        COMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
                "        return\n"
                "    fi\n"
                "    case \" $words \" in *\" $verb \"*) ;; *) verb= ;; esac\n"
                "    words=\n"
                "    case $group${verb:+ $verb} in\n",
                out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        put_bash_verb(v, out);
    (void)fputs("    esac\n"
                "    case $now in -*) words=$options ;; esac\n"
                "    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
                "    elif [ \"$want\" = folder ]; then COMPREPLY=($(compgen -d -- \"$now\"))\n"
                "    elif [ \"$want\" != text ]; then COMPREPLY=($(compgen -f -- \"$now\"))\n"
                "    fi\n"
                "}\n"
                "complete -o filenames -F _assay assay\n",
                out);
}

/* ------------------------------------------------------------ zsh */

/* Inside single quotes, and inside the brackets of _arguments. */
static void put_zsh_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') (void)fputs("'\\''", out);
        else if (*text == '[' || *text == ']' || *text == ':') (void)fprintf(out, "\\%c", *text);
        else (void)fputc(*text, out);
    }
}

static void put_zsh_verb(const struct assay_verb *v, FILE *out)
{
    (void)fprintf(out, "    '%s%s%s')\n        _arguments '--help[print help]'", v->group,
                  v->verb[0] != '\0' ? " " : "", v->verb);
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        (void)fprintf(out, " \\\n            '%s--%s[",
                      (o->flags & ASSAY_OPTION_MANY) != 0 ? "*" : "", o->name);
        put_zsh_text(o->help, out);
        (void)fputc(']', out);
        if (o->value != NULL) {
            (void)fputc(':', out);
            put_zsh_text(cli_option_value(o), out);
            (void)fputc(':', out);
        }
        if (is_choice(o)) {
            (void)fputc('(', out);
            put_choices(o, out);
            (void)fputc(')', out);
        } else if (o->value != NULL) {
            (void)fputs(is_folder(o) ? "_directories" : is_file(o) ? "_files" : " ", out);
        }
        (void)fputc('\'', out);
    }
    (void)fprintf(out, "%s ;;\n",
                  v->arguments[0] != '\0' ? " \\\n            '*:file:_files'" : "");
}

static void put_zsh(FILE *out)
{
    const struct assay_verb *v = NULL;
    (void)fputs("#compdef assay\n# zsh completion of assay; made by `assay completion zsh`\n"
                "_assay() {\n"
                "    local group=$words[2] verb=$words[3]\n"
                "    local -a verbs\n"
                "    if ((CURRENT == 2)); then\n"
                "        compadd -- --help --version help",
                out);
    put_groups(out);
    (void)fputs("\n        return\n    fi\n    case $group in\n", out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        if (!is_first_of_group(i)) continue;
        const struct assay_verb *w = NULL;
        (void)fprintf(out, "    %s) verbs=(", v->group);
        for (size_t k = i; (w = cli_verb_at(k)) != NULL; k++)
            if (strcmp(w->group, v->group) == 0 && w->verb[0] != '\0')
                (void)fprintf(out, " %s", w->verb);
        (void)fputs(" ) ;;\n", out);
    }
    (void)fputs("    esac\n"
                "    if ((CURRENT == 3 && $#verbs)) && [[ $PREFIX != -* ]]; then\n"
                "        compadd -- $verbs\n"
                "        return\n"
                "    fi\n"
                "    if (($verbs[(Ie)$verb])); then\n"
                "        group=\"$group $verb\"\n"
                "        shift 2 words\n"
                "        ((CURRENT -= 2))\n"
                "    else\n"
                "        shift words\n"
                "        ((CURRENT -= 1))\n"
                "    fi\n"
                "    case $group in\n",
                out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        put_zsh_verb(v, out);
    (void)fputs("    esac\n}\n_assay \"$@\"\n", out);
}

/* ------------------------------------------------------------ fish */

static void put_fish_text(const char *text, FILE *out)
{
    (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('\'', out);
}

/* The first sentence. */
static void put_fish_summary(const char *summary, FILE *out)
{
    char text[200];
    const char *const end = strstr(summary, ". ");
    const size_t len = end != NULL ? (size_t)(end - summary) : strlen(summary);
    (void)snprintf(text, sizeof text, "%.*s", (int)len, summary);
    put_fish_text(text, out);
}

static void put_fish_verb(const struct assay_verb *v, FILE *out)
{
    if (v->verb[0] != '\0') {
        (void)fprintf(out, "complete -c assay -n '__assay_at %s' -f -a %s -d ", v->group, v->verb);
        put_fish_summary(v->summary, out);
        (void)fputc('\n', out);
    }
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        (void)fprintf(out, "complete -c assay -n '__assay_in %s%s%s' -l %s", v->group,
                      v->verb[0] != '\0' ? " " : "", v->verb, o->name);
        if (is_choice(o)) {
            (void)fputs(" -x -a '", out);
            put_choices(o, out);
            (void)fputc('\'', out);
        } else if (is_folder(o)) {
            (void)fputs(" -x -a '(__fish_complete_directories)'", out);
        } else if (o->value != NULL) {
            (void)fputs(is_file(o) ? " -r -F" : " -x", out);
        }
        (void)fputs(" -d ", out);
        put_fish_text(o->help, out);
        (void)fputc('\n', out);
    }
}

static void put_fish(FILE *out)
{
    const struct assay_verb *v = NULL;
    (void)fputs("# fish completion of assay; made by `assay completion fish`\n"
                "function __assay_at\n"
                "    set -l words (commandline -opc)\n"
                "    test (count $words) -eq 2; and test $words[2] = $argv[1]\n"
                "end\n"
                "function __assay_in\n"
                "    set -l words (commandline -opc)\n"
                "    test (count $words) -gt (count $argv); or return 1\n"
                "    for i in (seq (count $argv))\n"
                "        test $words[(math $i + 1)] = $argv[$i]; or return 1\n"
                "    end\n"
                "end\n"
                "complete -c assay -n __fish_use_subcommand -f -a '--help --version help",
                out);
    put_groups(out);
    (void)fputs("'\n", out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        put_fish_verb(v, out);
}

/* ------------------------------------------------------------ the man page */

/* mdoc: a dash is escaped, a dot or an apostrophe begins no line, a backslash is spelled. */
static void put_mdoc(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'') (void)fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\') (void)fputs("\\e", out);
        else (void)fputc(*text, out);
    }
}

/* A text of several sentences, one a line. */
static void put_sentences(const char *text, FILE *out)
{
    while (*text != '\0') {
        const char *const end = strstr(text, ". ");
        const size_t len = end != NULL ? (size_t)(end + 1 - text) : strlen(text);
        char line[512];
        (void)snprintf(line, sizeof line, "%.*s", (int)len, text);
        put_mdoc(line, out);
        (void)fputc('\n', out);
        text += len + (text[len] == ' ' ? 1 : 0);
    }
}

static void put_mdoc_verb(const struct assay_verb *v, FILE *out)
{
    (void)fprintf(out, ".Nm assay\n.Cm %s%s%s\n", v->group, v->verb[0] != '\0' ? " " : "", v->verb);
    if (v->arguments[0] != '\0') (void)fprintf(out, ".Ar %s\n", v->arguments);
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        const bool must = (o->flags & ASSAY_OPTION_MUST) != 0;
        (void)fprintf(out, ".%sFl -%s", must ? "" : "Op ", o->name);
        if (o->value != NULL) (void)fprintf(out, " Ar %s", cli_option_value(o));
        (void)fputs((o->flags & ASSAY_OPTION_MANY) != 0 ? " ...\n" : "\n", out);
    }
}

static void put_mdoc_options(const struct assay_verb *v, FILE *out)
{
    (void)fprintf(out, ".Ss assay %s%s%s\n", v->group, v->verb[0] != '\0' ? " " : "", v->verb);
    put_sentences(v->summary, out);
    if (v->options[0].name != NULL) {
        (void)fputs(".Bl -tag -width Ds -compact\n", out);
        for (const struct assay_option *o = v->options; o->name != NULL; o++) {
            (void)fprintf(out, ".It Fl -%s", o->name);
            if (o->value != NULL) (void)fprintf(out, " Ar %s", cli_option_value(o));
            (void)fputc('\n', out);
            put_mdoc(o->help, out);
            (void)fputc('\n', out);
        }
        (void)fputs(".El\n", out);
    }
    (void)fputs(".Bd -literal -offset indent\n", out);
    put_mdoc(v->examples, out);
    (void)fputs(".Ed\n.Bd -literal\n", out);
    cli_options_exit(v, out);
    (void)fputs(".Ed\n", out);
}

/* assay(1): the commands, a section after the other. */
static void put_man_commands(FILE *out)
{
    const struct assay_command *c = NULL;
    (void)fputs(".Sh COMMANDS\n", out);
    for (enum assay_section s = 0; s < ASSAY_SECTIONS; s++) {
        const char *const title = cli_section_title(s);
        if (title == NULL) continue;
        (void)fprintf(out, ".Ss Commands: %s\n.Bl -tag -width assay-continuity(1) -compact\n",
                      title);
        for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
            if (c->section != s) continue;
            (void)fprintf(out, ".It Xr assay-%s 1\n", c->name);
            put_mdoc(c->summary, out);
            (void)fputc('\n', out);
        }
        (void)fputs(".El\n", out);
    }
}

/* Without its date, which is that of assay(1). */
static void put_man_page(const struct assay_command *c, FILE *out)
{
    const struct assay_verb *v = NULL;
    (void)fputs(".Dt ASSAY-", out);
    for (const char *letter = c->name; *letter != '\0'; letter++)
        (void)fputc(*letter - 'a' + 'A', out);
    (void)fprintf(out, " 1\n.Os\n.Sh NAME\n.Nm assay-%s\n.Nd ", c->name);
    put_mdoc(c->summary, out);
    (void)fputs("\n.Sh SYNOPSIS\n", out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (strcmp(v->group, c->name) == 0) put_mdoc_verb(v, out);
    (void)fputs(".Sh DESCRIPTION\n", out);
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (strcmp(v->group, c->name) == 0) put_mdoc_options(v, out);
    (void)fputs(".Sh SEE ALSO\n.Xr assay 1 ,\n.Xr assayd 8\n", out);
}

static int print_man_page(const char *name)
{
    const struct assay_command *c = NULL;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++)
        if (strcmp(c->name, name) == 0) {
            put_man_page(c, stdout);
            return ASSAY_EXIT_OK;
        }
    return cli_misuse("\"%s\" is not a command", name);
}

int cli_command_completion(int argc, char **argv)
{
    const char *const shell = argc > 1 ? argv[1] : "";
    if (strcmp(shell, "bash") == 0) put_bash(stdout);
    else if (strcmp(shell, "zsh") == 0) put_zsh(stdout);
    else if (strcmp(shell, "fish") == 0) put_fish(stdout);
    else if (strcmp(shell, "man-commands") == 0) put_man_commands(stdout);
    else return print_man_page(argv[2]);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}
