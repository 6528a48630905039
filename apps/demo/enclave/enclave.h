/*
 * apps/demo/enclave/enclave.h - `assay-demo-enclave`: enclaves of the demo's story of services.
 *
 * It is linked with libassay-continuity and libassay-sqlite as a stranger's program is, and
 * includes no header of the tree but theirs.
 *
 * Results are lines on stdout, with a keyword first; the story reads them. The sealing key is in
 * this program: INSECURE.
 *
 * Exit statuses: 0 done, 1 runtime error (the last line is the reason), 3 usage, 4 refused: the
 * state was rolled back, fenced or halted, as the story expects.
 */
#ifndef ASSAY_APPS_DEMO_ENCLAVE_ENCLAVE_H
#define ASSAY_APPS_DEMO_ENCLAVE_ENCLAVE_H

#include <assay/continuity.h>

enum { ENCLAVE_OK = 0, ENCLAVE_ERROR = 1, ENCLAVE_USAGE = 3, ENCLAVE_REFUSED = 4 };
/* A call of a library, and what takes a second on an idle machine. */
enum { ENCLAVE_WAIT_MS = 1000, ENCLAVE_PATIENCE_MS = 120000 };

/* --- main.c */
/* One line on stdout, flushed. */
__attribute__((format(printf, 1, 2))) void enclave_print(const char *format, ...);
/* The same, as the last one. Returns: ENCLAVE_ERROR */
__attribute__((format(printf, 1, 2))) int enclave_fail(const char *format, ...);
/* Returns: milliseconds, microseconds of the monotonic clock. */
uint64_t enclave_now_ms(void);
double enclave_now_us(void);
/* Returns: whether SIGTERM or SIGINT was received. */
bool enclave_is_stopped(void);
/* Returns: whether a call with that result is repeated: it is in doubt, or other sessions took the
 * epoch's, and there is time left. */
bool enclave_is_pending(enum assay_continuity_result result, uint64_t until_ms);
/* Returns: 64 digits in one of a few static buffers. */
const char *enclave_format_hex(const uint8_t digest[static 32]);
/* Out: the options of SOCKET GROUP and the file CHECKPOINT; folder is not set. Returns: false after
 * printing why */
bool enclave_read_options(const char *socket, const char *group, const char *checkpoint,
                          struct assay_continuity_options *options);
/* Returns: whether the folder has an instance. */
bool enclave_has_instance(const char *folder);

/* --- counter.c: sessions of the instance whose state is a number */
struct enclave_counter {
    struct assay_continuity *handle;
    uint64_t count;
};
struct assay_continuity_status enclave_get_status(const struct enclave_counter *counter);
/* In: argv: SOCKET GROUP DIR .. CHECKPOINT. Returns: exit status */
int enclave_start_counter(struct enclave_counter *counter, char **argv);
/* Prints why the session ended. Returns: exit status */
int enclave_report_end(const struct enclave_counter *counter, enum assay_continuity_result result);

/* --- actions, with their arguments; each returns an exit status */
/* counter SOCKET GROUP DIR INDEX CHECKPOINT [hold]: certifies states up to that one; hold: then
 * it confirms until it is refused or stopped. */
int enclave_run_counter(int argc, char **argv);
/* load SOCKET GROUP DIR RATE CHECKPOINT: so many requests a second, until it is stopped. */
int enclave_run_load(int argc, char **argv);
/* database SOCKET GROUP DIR ROWS CHECKPOINT [hold]: commits rows to DIR/rows.db up to that number;
 * hold: as of counter. */
int enclave_run_database(int argc, char **argv);

#endif
