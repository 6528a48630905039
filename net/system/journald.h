/*
 * net/system/journald.h - systemd journal client over the native protocol: one datagram of
 * KEY=value lines. Without its library, as apps/daemon/notify.h does it.
 *
 *   <6>event=epoch_closed node=alpha epoch=7     becomes
 *
 *   MESSAGE=event=epoch_closed node=alpha epoch=7
 *   PRIORITY=6
 *   SYSLOG_IDENTIFIER=assayd
 *   ASSAY_EVENT=epoch_closed
 *   ASSAY_NODE=alpha
 *   ASSAY_EPOCH=7
 *
 * Values are as the line has them, escapes included, without quotes around them: no value can
 * begin a field of its own.
 */
#ifndef ASSAY_NET_SYSTEM_JOURNALD_H
#define ASSAY_NET_SYSTEM_JOURNALD_H

#include <stdbool.h>
#include <stddef.h>

#define ASSAY_JOURNALD_SOCKET "/run/systemd/journal/socket"

/* Bytes of one record. A field takes 6 bytes more than in the line, whose shortest one, with the
 * blank before it, has 4; with the message that is below four lines of 1024. */
enum { ASSAY_JOURNALD_RECORD_MAX = 10 * 1024 };

/* Whether this process' standard error is what JOURNAL_STREAM says: the stream that systemd made
 * for it. Returns: that; *native: it is a socket, as every real one is. */
bool assay_journald_is_stderr(bool *native);
/* Returns: a descriptor for assay_journald_send, the caller's to close; -1: no listener at path. */
int assay_journald_open(const char *path);
/* In:  line: logfmt behind a priority, its newline included; identifier: of the program
 * Out: record, NUL excluded
 * Returns: its length | 0: it has no room, or the line is none. */
size_t assay_journald_record(const char *line, size_t len, const char *identifier, char *record,
                             size_t capacity);
/* Returns: whether the journal has it; never waits. */
bool assay_journald_send(int fd, const char *line, size_t len);

#endif
