/*
 * apps/assay/core/terminal.h - terminal capabilities (colours, characters, columns), and the full-
 * screen mode of live views, restored on every exit.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_TERMINAL_H
#define ASSAY_APPS_ASSAY_CORE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct assay_terminal {
    bool colours; /* a terminal that has some, and NO_COLOR does not stand in the environment */
    bool utf8;    /* the locale's characters; else plain ASCII */
    int columns, lines;
};

/* Looks at standard output and at the environment. Returns: what there is; 80 x 24 for no
 * terminal. */
struct assay_terminal cli_terminal_look(void);
/* A sign of a condition, so that colour is never the only one. Returns: one character. */
const char *cli_terminal_glyph(const struct assay_terminal *t, const char *condition);
/* Escapes that begin and end the colour of a condition. Each Returns: "" without colours. */
const char *cli_terminal_colour(const struct assay_terminal *t, const char *condition);
const char *cli_terminal_plain(const struct assay_terminal *t);
/* A bar of that many cells, text[3 * cells + 1]. Returns: text. */
const char *cli_terminal_bar(const struct assay_terminal *t, unsigned long long bp, unsigned cells,
                             char *text);
/* One line, cut to the columns: escapes take no room, a character of UTF-8 takes one. */
void cli_terminal_put(const struct assay_terminal *t, const char *line, FILE *out);

/*
 * cli_screen_open - take the terminal: another screen, no cursor, keys one at a time.
 * It is given back by close, when the process ends in any way but SIGKILL, and while it is stopped.
 * Returns: false when standard input or output is no terminal
 */
bool cli_screen_open(void);
/* */
void cli_screen_close(void);
/* Waits for a key, at most so long. Returns: the key; 0 for none; -1 when it is to end. */
int cli_screen_key(int timeout_ms);

#endif
