/*
 * tests/unit/store/store_writer.c - a node's life in the store, to be killed.
 *
 * usage: store_writer PATH SEED FIRST COUNT KILL_AT
 *
 * Writes batches FIRST .. FIRST+COUNT-1 of the program SEED (model.h) and says "N\n" on stdout
 * after each acknowledged commit. With KILL_AT > 0 the KILL_AT-th change of the disk ends it by
 * SIGKILL; whole life without dying: exit 0.
 */
#include "engine/store/store_sqlite.h"
#include "tests/unit/store/model.h"
#include "tests/unit/store/sqlite_faults.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 6) return 2;
    const uint64_t seed = strtoull(argv[2], NULL, 10);
    const uint32_t first = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t count = (uint32_t)strtoul(argv[4], NULL, 10);
    sqlite_faults_install();
    sqlite_faults_plan(SQLITE_FAULT_KILL, strtoull(argv[5], NULL, 10), true);

    struct assay_store *store = NULL;
    char message[ASSAY_STORE_MESSAGE_LEN];
    if (assay_store_sqlite_open(argv[1], &store, message, sizeof message) != ASSAY_OK) {
        fprintf(stderr, "%s\n", message);
        return 3;
    }
    for (uint32_t n = first; n < first + count; n++) {
        if (model_batch(seed, n, store, NULL) != ASSAY_OK) return 4;
        if (assay_store_commit(store) != ASSAY_OK) return 5;
        printf("%u\n", n);
        fflush(stdout);
    }
    assay_store_close(&store);
    return 0;
}
