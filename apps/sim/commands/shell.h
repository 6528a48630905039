/*
 * apps/sim/commands/shell.h - lines that a person copies into a shell.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SHELL_H
#define ASSAY_APPS_SIM_COMMANDS_SHELL_H

#include <stdio.h>

/* One word of a command: as it is when it is made of what no shell touches, otherwise in single
 * quotes, with each of its own as '\''. Returns: nothing. */
void assay_sim_put_word(FILE *out, const char *word);

#endif
