'use strict';
// tests/web/simulated.js - documents of simulations that never ran, as assay-sim writes them (docs/simulator.md 4).

const spread = (middle, low = middle, high = middle) => ({
    found: middle === null ? 0 : 1,
    middle,
    low,
    high,
});
const column = (size, value, band) => ({
    middle: Array.from({ length: size }, (_, i) => value(i)),
    ...(band
        ? {
              low: Array.from({ length: size }, (_, i) => (value(i) === null ? null : value(i) - band)),
              high: Array.from({ length: size }, (_, i) => (value(i) === null ? null : value(i) + band)),
          }
        : {}),
});

// options: { epochs, runs, fails, cohorts: [[name, members]] }
function runs(options = {}) {
    const epochs = options.epochs ?? 40,
        count = options.runs || 1,
        names = options.cohorts || [
            ['honest', 7],
            ['ring', 3],
            ['nobody', 0],
        ];
    const band = count > 1 ? 100 : 0;
    const gap = (value) => (i) => (i === 20 ? null : value(i));
    const cohort = (k) => ({
        score_mean_bp: column(
            epochs,
            gap((i) => (k ? Math.max(0, 10000 - 300 * i) : 10000 - 10 * (i % 5))),
            band,
        ),
        score_min_bp: column(epochs, (i) => (k ? Math.max(0, 9500 - 300 * i) : 9800)),
        score_max_bp: column(epochs, (i) => (k ? Math.max(500, 10000 - 280 * i) : 10000)),
        integrity_mean_bp: column(epochs, () => (k ? 4000 : 10000)),
        availability_mean_bp: column(epochs, () => 9900),
        weight_share_bp: column(epochs, () => (k ? 3000 : 7000), band),
        full: column(epochs, (i) => (k ? (i < 4 ? names[k][1] : 0) : names[0][1])),
        warning: column(epochs, (i) => (k && i >= 4 && i < 9 ? names[k][1] : 0)),
        restricted: column(epochs, (i) => (k && i >= 9 && i < 17 ? names[k][1] : 0)),
        suspended: column(epochs, (i) => (k && i >= 17 ? names[k][1] : 0)),
    });
    const figures = [];
    for (const [name, line, ofCohort, value] of [
        ['epochs', 'epochs closed', false, () => epochs],
        ['epochs_certified', 'epochs closed with a certified tally', false, () => epochs - 2],
        ['score_mean_bp', 'mean score of the cohort in the last epoch, bp', true, (k) => (k ? 4218 : 10000)],
        ['detection_epochs', 'epochs from the first bad one', true, (k) => (k ? 3 : null)],
        ['recovery_epochs', 'epochs from suspension back to FULL', true, () => null],
        ['finality_ms_p50', 'proposal to finality, median, ms', false, () => 240],
        ['finality_ms_p99', 'proposal to finality, 99 of 100, ms', false, () => 1240],
        ['messages', 'messages delivered', false, () => 123456],
        ['unjust_drops', 'scores of honest members that fell', false, () => 0],
        ['progress_epochs', 'epochs from heal_epoch to the next close', false, () => null],
    ])
        for (let k = 0; k < (ofCohort ? names.length : 1); k++)
            figures.push({
                name,
                line,
                ...(ofCohort ? { cohort: k } : {}),
                ...spread(value(k) === null ? null : value(k) * (count > 1 ? 100 : 1)),
            });
    const fails = options.fails === true;
    return {
        runs: {
            name: 'badmouthing',
            title: 'three of ten report FAIL for every honest member; only they are suspended',
            scale: count > 1 ? 100 : 1,
            band_5_to_95: count >= 20,
            network: {
                nodes: 10,
                operators: 10,
                vendors: 4,
                epochs,
                epoch_ms: 2000,
                fidelity: 'message',
                evidence: 'modelled',
                signatures: 'modelled',
                rule: 'interval',
                weight: 'integrity',
                operator_cap_bp: 2500,
                vendor_cap_bp: 3333,
            },
            link: {
                delay: 'exponential',
                delay_min_ms: 5,
                delay_mean_ms: 40,
                delay_max_ms: 400,
                loss_permille: 10,
                loss_of: 'vote',
                duplicate_permille: 5,
                reorder_permille: 3,
                reorder_ms: 50,
                bandwidth_kbit_s: 0,
                skew_ms: 20,
                drift_ppm: 100,
            },
            cohorts: names.map(([name, members]) => ({ name, members })),
            schedule: [
                { kind: 'attack', what: 'badmouth', who: names[1]?.[0], from: 5 },
                { kind: 'partition', what: 'a cut; the first 30.00 %', from: 10, to: 14 },
                { kind: 'crash', what: 'dies for 500 ms', who: 'honest', from: 18, to: 18 },
                { kind: 'heal', what: 'all faults but attacks end', from: 30 },
            ],
            runs: Array.from({ length: count }, (_, i) => ({
                seed: i ? String(i + 1) : '18446744073709551615',
                passed: !(fails && i === 0),
                interrupted: false,
                stopped: '',
                epochs,
                trace_hash: 'ab'.repeat(32),
                state_root: 'cd'.repeat(32),
                root_chain: 'ef'.repeat(32),
                reproduce: `assay-sim run badmouthing --seed ${i + 1}`,
            })),
            assertions: [
                {
                    text: 'score_min_bp honest >= 9000',
                    held: fails ? count - 1 : count,
                    ...spread(fails ? 800 : 9800),
                },
                { text: 'detection_epochs ring <= 3', held: count, ...spread(3) },
            ],
            checks: [
                {
                    name: 'agreement',
                    line: 'every epoch closes with one block and one root',
                    looked: 400,
                    violated: 0,
                },
                fails
                    ? {
                          name: 'P1',
                          line: 'no unjust fall',
                          looked: 400,
                          violated: 1,
                          seed: '1',
                          epoch: 5,
                          message: 'node 3 fell',
                      }
                    : { name: 'P1', line: 'no unjust fall', looked: 400, violated: 0 },
                {
                    name: 'P8',
                    line: 'an on-off attacker is bad in at most its share',
                    looked: 0,
                    violated: 0,
                },
            ],
            figures,
            laws: [
                { of: 'score', law: 'L2', formula: '(1 - 2b) / (1 - b), 0 above 1/3; b = 30 %', value: 5714 },
                { of: 'weight', law: 'L2', formula: 'b / (1 - b), 1 above 1/3; b = 30 %', value: 4286 },
                { of: 'detection', law: 'L8', formula: 'absent in every epoch', value: 3 },
            ],
            ...(epochs > 0
                ? {
                      epochs: {
                          first: 1,
                          last: epochs * (options.step || 1),
                          step: options.step || 1,
                          scale: 1,
                          held: Array.from({ length: epochs }, (_, i) => (i > 9 && i < 14 ? 100 : 0)),
                          cohorts: names.map(([, members], k) => (members ? cohort(k) : {})),
                          false_suspensions: column(epochs, () => 0),
                          messages: column(epochs, (i) => 12000 + 17 * (i % 11), band),
                          bytes: column(epochs, (i) => 5200000 + 1000 * i),
                          verifications: column(epochs, () => 90),
                          views_nullified: column(epochs, (i) => (i % 9 === 3 ? 1 : 0)),
                          blocks: column(epochs, () => 3),
                          proofs: column(epochs, (i) => (i === 6 ? 3 : 0)),
                          crashes: column(epochs, (i) => (i === 17 ? 1 : 0)),
                          certificates_held: column(epochs, () => 12),
                          largest_operator_bp: column(epochs, () => 1000),
                          largest_vendor_bp: column(epochs, () => 3000),
                      },
                  }
                : {}),
            scenario: `name: badmouthing\nnodes: 10\nepochs: ${epochs}\n`,
        },
    };
}

// options: { words: an axis of words, repeats, lines }
function sweep(options = {}) {
    const values = options.words ? ['mean', 'by score', 'trimmed'] : ['0', '1000', '2000', '3000', '4000'],
        names = options.lines || ['mean, weight one', 'interval'],
        several = (options.repeats || 3) > 1;
    const line = (k) =>
        values.map((_, i) => {
            const middle = 100 * (k ? 10000 : 10000 - 1000 * i - 20);
            return several
                ? { middle, low: middle - 5000, high: Math.min(1000000, middle + 5000) }
                : spread(middle);
        });
    return {
        sweep: {
            name: 'badmouthing',
            title: 'a share b reports FAIL for every honest member',
            program: '1.0 0123456789abcdef',
            digest: 'ab'.repeat(32),
            scale: 100,
            runs: 15 * names.length,
            points: 5 * names.length,
            repeats: options.repeats || 3,
            violated: options.violated || 0,
            laws: true,
            law_steps: 16,
            axis: { name: options.words ? 'rule' : 'b_bp', numeric: !options.words, values },
            lines: names,
            lines_in_all: names.length + (options.more || 0),
            plots: [
                {
                    name: 'score_mean_bp',
                    cohort: 'honest',
                    line: 'mean score of the cohort in the last epoch, bp',
                    lines: names.map((_, k) => line(k)),
                    curves: options.words
                        ? []
                        : [
                              {
                                  of_line: 0,
                                  law: 'L1',
                                  formula: '1 - b',
                                  values: Array.from({ length: 65 }, (_, i) =>
                                      Math.round(1000000 * (1 - i / 160)),
                                  ),
                              },
                          ],
                },
                {
                    name: 'detection_epochs',
                    cohort: 'liars',
                    line: 'epochs from the first bad one of a member to its suspension',
                    lines: names.map(() => values.map((_, i) => (i < 2 ? spread(null) : spread(300)))),
                    curves: [],
                },
            ],
            figures: [
                { name: 'score_mean_bp', cohort: 'honest', line: 'mean score, bp', low: 5980, high: 10000 },
                { name: 'messages', line: 'messages delivered', low: 77, high: 77 },
                { name: 'progress_epochs', line: 'epochs from heal_epoch', low: null, high: null },
            ],
        },
    };
}

function swarm(options = {}) {
    return {
        swarm: {
            program: '1.0 0123456789abcdef',
            from: 1,
            seeds: 200,
            done: options.done ?? 200,
            failed: options.failed || 0,
            beyond: 20,
            epochs: 4000,
            messages: 12345678,
            events: 23456789,
            simulated_ms: 8000000,
            drawn: { partition: 60, crash: 90, 'careless disk': 22, nothing: 0 },
            digest: 'ab'.repeat(32),
            failures: Array.from({ length: options.failed || 0 }, (_, i) => ({
                seed: 17 + i,
                what: 'P1',
                epoch: 5,
                message: 'node 3 fell from 10000 to 7500',
                reproduce: `assay-sim swarm --seeds 1 --from ${17 + i}`,
            })),
        },
    };
}

const document = (data) => ({ schema: 'assay.sim.page', schema_version: 1, version: '1.0.0', data });

module.exports = { document, runs, swarm, sweep };
