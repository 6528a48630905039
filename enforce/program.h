/*
 * enforce/program.h - execution of an operator's program in a child process.
 */
#ifndef ASSAY_ENFORCE_PROGRAM_H
#define ASSAY_ENFORCE_PROGRAM_H

/*
 * assay_program_become - execute a program in this process, which leads a process group of its own,
 * in folder "/", with default signals, and with no other descriptor and environment than these. For
 * the child after fork: it calls only what is safe there. Why it cannot be executed goes to its
 * standard error, and it exits with status 127.
 * In:      search_path: "PATH=..."; ends: standard input, output and error
 * Returns: never
 */
_Noreturn void assay_program_become(const char *program, char *const argv[], char *search_path,
                                    const int ends[static 3]);

#endif
