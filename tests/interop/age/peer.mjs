// The npm package `age-encryption` on the other side.
//
//     node peer.mjs encrypt FOLDER COUNT    NAME.keys, NAME.age, NAME.expected: data keys for identities, armoured
//     node peer.mjs passphrase FOLDER COUNT NAME.passphrases, NAME.age, NAME.expected: every other one is armoured
//     node peer.mjs decrypt FOLDER          opens NAME.age with NAME.keys and compares with NAME.plain
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import * as age from 'age-encryption';

const [mode, folder, count] = process.argv.slice(2);
if (mode === 'decrypt') {
    const names = readdirSync(folder).filter((name) => name.endsWith('.age')).map((name) => name.slice(0, -4));
    for (const name of names) {
        const decrypter = new age.Decrypter();
        for (const line of readFileSync(`${folder}/${name}.keys`, 'utf8').split('\n')) {
            if (line.startsWith('AGE-')) decrypter.addIdentity(line);
        }
        const plain = await decrypter.decrypt(age.armor.decode(readFileSync(`${folder}/${name}.age`, 'utf8')));
        if (!readFileSync(`${folder}/${name}.plain`).equals(plain)) throw new Error(`${name} decrypts to something else`);
    }
    console.log(`age-encryption opens ${names.length} of ours`);
} else {
    for (let number = 0; number < Number(count); number++) {
        const name = `${folder}/${String(number).padStart(4, '0')}`;
        const plain = randomBytes(mode === 'encrypt' ? 32 : number);
        const encrypter = new age.Encrypter();
        if (mode === 'encrypt') {
            const identity = await age.generateX25519Identity();
            encrypter.addRecipient(await age.identityToRecipient(identity));
            writeFileSync(`${name}.keys`, `${identity}\n`);
        } else {
            const passphrase = randomBytes(9).toString('base64');
            encrypter.setScryptWorkFactor(10 + (number % 4));
            encrypter.setPassphrase(passphrase);
            writeFileSync(`${name}.passphrases`, `${passphrase}\n`);
        }
        const file = await encrypter.encrypt(plain);
        writeFileSync(`${name}.age`, mode === 'encrypt' || number % 2 ? age.armor.encode(file) : file);
        writeFileSync(`${name}.expected`, plain);
    }
}
