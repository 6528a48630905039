/*
 * apps/sim/commands/shell.c - quoting for a shell.
 */
#include "apps/sim/commands/shell.h"

#include <string.h>

void sim_put_word(FILE *out, const char *word)
{
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
    if (word[0] != '\0' && strspn(word, harmless) == strlen(word)) {
        (void)fputs(word, out);
        return;
    }
    (void)fputc('\'', out);
    for (const char *c = word; *c != '\0'; c++)
        if (*c == '\'') (void)fputs("'\\''", out);
        else (void)fputc(*c, out);
    (void)fputc('\'', out);
}
