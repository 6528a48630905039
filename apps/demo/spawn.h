/*
 * apps/demo/spawn.h - child processes that terminate with this process, whatever its end.
 */
#ifndef ASSAY_APPS_DEMO_SPAWN_H
#define ASSAY_APPS_DEMO_SPAWN_H

#include <sys/types.h>

/*
 * demo_spawn - a program in a group of its own (Ctrl-C at the terminal reaches us, and we stop our
 * children in order), with default signals, no open file of ours, both outputs in the log, killed
 * when the thread that calls this ends.
 * In:      log: a path, made with mode 0600; argv: argv[0] is the program's path, NULL at its end
 * Returns: its process | 0: it did not start
 */
pid_t demo_spawn(const char *log, char *const argv[]);

#endif
