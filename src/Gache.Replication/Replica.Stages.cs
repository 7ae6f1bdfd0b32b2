namespace Gache.Replication;

/// <summary>Where a batch of writes is met on its way, with the time of each stage.</summary>
public sealed partial class Replica
{
    private readonly Queue<ProposedBatch> batches = new(); // those that are not committed, in order; no more than are pending
    private readonly WaitingSince waitingSince = new();
    private long committedAt; // when the last batch was; 0 before the first
    private (long AppliedAt, long ArrivedAt) answersOfBatch; // of the oldest batch whose answers this step gives; 0 without one

    /// <summary>Writes were queued, or left the queue.</summary>
    /// <param name="oldest">When the oldest of those that came arrived; 0 if that is not known.</param>
    private void NoteQueued(long oldest)
    {
        if (waitingSince.Differs(waitingWrites.Count)) waitingSince.Note(waitingWrites.Count, oldest != 0 ? oldest : Stages.Now());
    }

    private void NoteBatch(long arrivedAt, int writes, long bytes)
    {
        long now = Stages.Now();
        Stages.Queue.Add(arrivedAt, now);
        if (batches.Count == 0) Stages.Replicating(now);
        batches.Enqueue(new ProposedBatch(core.LastIndex, arrivedAt, now, writes, bytes));
    }

    /// <summary>Everything up to an index is committed, and is applied in this step.</summary>
    /// <returns>The time now.</returns>
    private long NoteCommitted(ulong index)
    {
        long now = Stages.Now();
        int writes = 0;
        long bytes = 0;
        while (batches.TryPeek(out ProposedBatch batch) && batch.LastIndex <= index)
        {
            batches.Dequeue();
            Stages.Replicate.Add(batch.ProposedAt, now);
            if (answersOfBatch.ArrivedAt == 0) answersOfBatch.ArrivedAt = batch.ArrivedAt;
            writes += batch.Writes;
            bytes += batch.Bytes;
        }

        if (writes == 0) return now;
        Stages.Replicating(batches.TryPeek(out ProposedBatch next) ? next.ProposedAt : 0);
        writesBound.Committed(writes, bytes, batches.Count > 0 || waitingWrites.Count > 0, Stages.Between(committedAt, now));
        committedAt = now;
        return now;
    }

    private void NoteApplied(long began)
    {
        answersOfBatch.AppliedAt = Stages.Now();
        Stages.Apply.Add(began, answersOfBatch.AppliedAt);
    }

    private void NoteAnswered(GivenAnswers batch)
    {
        long now = Stages.Now();
        Stages.Answer.Add(batch.AppliedAt, now);
        Stages.Write.Add(batch.ArrivedAt, now);
    }

    /// <summary>Looks, now and then, at what is on its way.</summary>
    private void LookAtBatches()
    {
        if (batches.TryPeek(out ProposedBatch oldest)) writesBound.Look(Stages.Between(oldest.ProposedAt, Stages.Now()));
        else if (waitingWrites.Count == 0) writesBound.Rest();
    }

    private void ForgetBatches()
    {
        batches.Clear();
        writesBound.Forget();
        Stages.Replicating(0);
    }

    private readonly record struct ProposedBatch(ulong LastIndex, long ArrivedAt, long ProposedAt, int Writes, long Bytes);

    private readonly record struct GivenAnswers(List<Operation> Answers, Queued Queued, long AppliedAt, long ArrivedAt);
}
