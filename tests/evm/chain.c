/*
 * tests/evm/chain.c - contracts and client on a real EVM (docs/services.md 8).
 *
 * usage: evm_chain CONTRACT_JSON URL OLD_URL [SCENARIO]
 * URL: a node with P-256 at 0x100; OLD_URL: one of a fork before it. Both are new.
 */
#include "tests/evm/chain_task.h"

static bool wanted(int argc, char **argv, const char *name)
{
    return argc < 5 || strcmp(argv[4], name) == 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct bench *bench);
        int url;
    } scenarios[] = {
        { "anchor", scenario_anchor, 2 },
        { "refusals", scenario_anchor_refusals, 2 },
        { "task", scenario_task, 2 },
        { "old-fork", scenario_old_fork, 3 },
        { "old-fork-task", scenario_task_on_old_fork, 3 },
        { "sender", scenario_sender, 2 },
        { "gas", scenario_gas, 2 },
    };
    static struct bench bench;
    int done = 0;
    if (argc < 4) return 2;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (!wanted(argc, argv, scenarios[i].name)) continue;
        bench_open(&bench, argv[scenarios[i].url], argv[1]);
        scenarios[i].run(&bench);
        bench_close(&bench);
        printf("ok %s\n", scenarios[i].name);
        fflush(stdout);
        done++;
    }
    return done > 0 ? 0 : 2;
}
