import { overviewView } from '../../src/admin/overview.ts';
import { sample, type Sample } from './sample.ts';

export const adminSamples: readonly Sample[] = [sample(overviewView, () => ({ issuer: 'https://id.example.com' }))];
