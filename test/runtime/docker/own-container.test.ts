import { containerIdIn } from '../../../src/runtime/docker/own-container.js';

const ID = '6b1e7a9d'.repeat(8);

it.each([
  [
    'Docker 20.10',
    `610 590 254:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw`,
  ],
  [
    'rootless Docker',
    `610 590 254:1 /home/me/.local/share/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw`,
  ],
  [
    'a data root on a disk of its own',
    `600 590 0:47 / / rw - overlay overlay rw\n610 590 254:9 /containers/${ID}/hosts /etc/hosts rw - xfs /dev/sdb rw`,
  ],
])('is found by its mounts: %s', (_, mountinfo) => {
  expect(containerIdIn(mountinfo)).toBe(ID);
});

it.each([
  ['no mounts', ''],
  ['a host', '21 1 8:1 / / rw - ext4 /dev/vda rw'],
  [
    'a host on which containers run',
    `99 21 0:50 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw`,
  ],
  [
    'a host on which files are copied into a container',
    `62 47 254:0 /var/lib/docker/containers/${ID}/hostname /var/lib/docker/overlay2/a47d/merged/etc/hostname rw - ext4 /dev/vda rw`,
  ],
  [
    'a process of containerd alone',
    `99 21 0:50 /run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/rootfs / rw - overlay o rw`,
  ],
])('is not taken for one: %s', (_, mountinfo) => {
  expect(containerIdIn(mountinfo)).toBeNull();
});
