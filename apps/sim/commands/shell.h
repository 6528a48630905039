/*
 * apps/sim/commands/shell.h - quoting for command lines that users copy into a shell.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SHELL_H
#define ASSAY_APPS_SIM_COMMANDS_SHELL_H

#include <stdio.h>

/* One word of a command: unchanged when it has no special character of a shell, otherwise in single
 * quotes, with each of its own as '\''. */
void sim_put_word(FILE *out, const char *word);

#endif
