// The public test vectors of age, one file each, for our reader to open; and the judgement of what it said.
//
//     node vectors.mjs write FOLDER GO_TESTDATA     the vectors of the npm package, and of the Go module, which is newer
//     node vectors.mjs judge FOLDER RESULTS
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import * as npm from 'cctv-age';

const [mode, folder, other] = process.argv.slice(2);
process.exit(mode === 'write' ? write(folder, other) : judge(folder, other));

function write(folder, testdata) {
    const vectors = new Map(Object.entries(npm).map(([name, bytes]) => [name, Buffer.from(bytes)]));
    for (const name of readdirSync(testdata)) vectors.set(name, readFileSync(`${testdata}/${name}`));
    const table = {};
    for (const [name, bytes] of vectors) {
        const { fields, file } = parse(bytes);
        writeFileSync(`${folder}/${name}.age`, file);
        if (fields.identity) writeFileSync(`${folder}/${name}.keys`, fields.identity.join('\n') + '\n');
        if (fields.passphrase) writeFileSync(`${folder}/${name}.passphrases`, fields.passphrase.join('\n') + '\n');
        // Post-quantum: the recipient type, or the identity, which is not supported.
        const isPostQuantum = /^-> mlkem/m.test(file.toString('latin1')) || /hybrid/.test(name);
        table[name] = { expect: fields.expect[0], payload: fields.payload?.[0], isPostQuantum };
    }
    writeFileSync(`${folder}/table.json`, JSON.stringify(table));
    console.log(`${vectors.size} vectors, ${Object.keys(npm).length} of them from npm`);
    return 0;
}

function parse(bytes) {
    const end = bytes.indexOf('\n\n');
    const fields = {};
    for (const line of bytes.subarray(0, end).toString().split('\n')) {
        const colon = line.indexOf(': ');
        (fields[line.slice(0, colon)] ??= []).push(line.slice(colon + 2));
    }
    const file = bytes.subarray(end + 2);
    return { fields, file: fields.compressed ? inflateSync(file) : file };
}

function judge(folder, results) {
    const table = JSON.parse(readFileSync(`${folder}/table.json`));
    const said = new Map(readFileSync(results, 'utf8').trim().split('\n').map((line) => line.split('\t')));
    const count = { agreed: 0, accepted: 0, named: 0, refused: 0, wrong: 0 };
    for (const [name, { expect, payload, isPostQuantum }] of Object.entries(table)) {
        let got = said.get(name) ?? 'nothing';
        // Our reader tells armour by its first letters: what begins otherwise is a broken file without armour.
        const begins = readFileSync(`${folder}/${name}.age`, 'latin1').trimStart().startsWith('-----BEGIN AGE');
        if (expect === 'armor failure' && !begins && got === 'header failure') got = expect;
        const wrong = (why) => { console.log(`WRONG ${name}: expected ${expect}, got ${got}${why}`); count.wrong++; };
        if (isPostQuantum) {
            if (got === 'success' && expect !== 'success') wrong('');
            else if (got.includes('post-quantum') && got.includes('mlkem')) count.named++;
            else if (got === expect) count.refused++;
            else wrong(', and a post-quantum recipient is not named');
        } else if (got !== expect) {
            wrong('');
        } else if (expect === 'success' && hash(`${folder}/${name}.plain`) !== payload) {
            wrong(', with another payload');
        } else if (expect !== 'success' && existsSync(`${folder}/${name}.plain`)) {
            wrong(', and something was given out');
        } else {
            count.agreed++;
            if (expect === 'success') count.accepted++;
        }
    }
    console.log(`${count.agreed} vectors agree with the kind of their failure (${count.accepted} of them are accepted); post-quantum: `
        + `${count.named} named as not supported, ${count.refused} refused as broken; ${count.wrong} wrong`);
    return count.wrong === 0 && count.agreed >= 100 ? 0 : 1;
}

function hash(path) {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
}
