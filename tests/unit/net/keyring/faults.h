/*
 * tests/unit/net/keyring/faults.h - a file system that fails, or a machine that stops, at a chosen
 * call: fsync, rename and unlink of this program go through here.
 */
#ifndef ASSAY_TESTS_UNIT_NET_KEYRING_FAULTS_H
#define ASSAY_TESTS_UNIT_NET_KEYRING_FAULTS_H

enum fault_kind {
    FAULT_NONE,
    FAULT_FAIL,        /* the call does nothing and reports EIO */
    FAULT_STOP_BEFORE, /* the process ends without doing it */
    FAULT_STOP_AFTER,  /* the process ends right after it */
};

enum { FAULT_EXIT = 9 };

/* The call with this number (from 1) fails; numbers start again. */
void faults_set(enum fault_kind kind, unsigned call);
/* Returns: calls made since faults_set. */
unsigned faults_calls(void);

#endif
