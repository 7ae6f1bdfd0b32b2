namespace Gache.Replication;

/// <summary>Where a batch of writes is met on its way, with the time of each stage.</summary>
public sealed partial class Replica
{
    private readonly Queue<ProposedBatch> batches = new(); // those that are not committed, in order; no more than are pending
    private long waitingSince; // of the oldest write that waits to be proposed; 0 without one
    private (long AppliedAt, long ArrivedAt) answersOfBatch; // of the oldest batch whose answers this step gives; 0 without one

    private void NoteQueued(long oldest)
    {
        if (waitingWrites.Count == 0) waitingSince = 0;
        else if (waitingSince == 0) waitingSince = oldest != 0 ? oldest : Stages.Now();
    }

    private void NoteBatch()
    {
        long now = Stages.Now();
        Stages.Queue.Add(waitingSince, now);
        if (batches.Count == 0) Stages.Replicating(now);
        batches.Enqueue(new ProposedBatch(core.LastIndex, waitingSince, now));
    }

    /// <summary>Everything up to an index is committed, and is applied in this step.</summary>
    /// <returns>The time now.</returns>
    private long NoteCommitted(ulong index)
    {
        long now = Stages.Now();
        bool isAny = false;
        while (batches.TryPeek(out ProposedBatch batch) && batch.LastIndex <= index)
        {
            batches.Dequeue();
            Stages.Replicate.Add(batch.ProposedAt, now);
            if (answersOfBatch.ArrivedAt == 0) answersOfBatch.ArrivedAt = batch.ArrivedAt;
            isAny = true;
        }

        if (isAny) Stages.Replicating(batches.TryPeek(out ProposedBatch next) ? next.ProposedAt : 0);
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

    private void ForgetBatches()
    {
        batches.Clear();
        Stages.Replicating(0);
    }

    private readonly record struct ProposedBatch(ulong LastIndex, long ArrivedAt, long ProposedAt);

    private readonly record struct GivenAnswers(List<Operation> Answers, long AppliedAt, long ArrivedAt);
}
