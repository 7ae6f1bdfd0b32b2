using System.Text.Json;
using Gache.Replication;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>One line of a batch, and what became of it.</summary>
internal sealed class BatchLine
{
    private readonly OperationText? operation;
    private Problem? problem;
    private string detail;
    private Step step;
    private StepEnd end;
    private bool wasGiven;

    private BatchLine(OperationText? operation, Problem? problem, string detail)
    {
        (this.operation, this.problem, this.detail) = (operation, problem, detail);
        IsDone = operation is null;
        if (operation is null) return;
        step = operation.ToStep();
        Slot = Gache.Store.Slot.Of(operation.Key);
    }

    /// <summary>The key's slot.</summary>
    public int Slot { get; }

    /// <summary>The key.</summary>
    public ReadOnlyMemory<byte> Key => step.Key;

    /// <summary>Whether it only reads.</summary>
    public bool IsRead => operation?.Kind == TxnOperationKind.Get;

    /// <summary>Whether its result is decided.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Reads a line.</summary>
    public static BatchLine Parse(ReadOnlyMemory<byte> line, int maxValueBytes)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            (OperationText? operation, Problem? wrong, string detail) = OperationText.Read(json.RootElement, maxValueBytes, isAlone: true);
            return new BatchLine(operation, wrong, detail);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException) // the latter for a name whose escapes are no text
        {
            return new BatchLine(null, ProblemTable.BodyMalformed, $"the line is not JSON: {broken.Message}");
        }
    }

    /// <summary>The step, for whoever carries it out.</summary>
    /// <remarks>A replica that was given a command owns its bytes, also when it refused it: they may stand in its log. So each try has bytes of its own.</remarks>
    public Step Give()
    {
        if (wasGiven && step.Command is { } given) step = step with { Command = given.ToArray() };
        wasGiven = true;
        return step;
    }

    /// <summary>It ended so, for good.</summary>
    public void End(StepEnd how) => (end, IsDone) = (how, true);

    /// <summary>It was not carried out, for good.</summary>
    public void Fail(Problem why, string words) => (problem, detail, IsDone) = (why, words, true);

    /// <summary>Writes its result.</summary>
    public void Write(Utf8JsonWriter json)
    {
        WriteAnswer answer = end.Answer;
        if (problem is null && answer.Refusal is { } refusal)
        {
            problem = RefusalAnswer.ProblemOf(refusal.Code);
            if (problem.Outcome == Outcomes.Unknown) problem = problem with { IsRetryable = operation!.KeepsFromRepeating };
            detail = refusal.Detail;
        }

        if (problem is not null)
        {
            ResultText.Write(json, problem, detail, 0);
            return;
        }

        if (end.Kind == StepEndKind.Read && !answer.Existed)
        {
            ResultText.Write(json, ProblemTable.KeyNotFound, "nothing is stored under this key", 0);
        }
        else if (answer.Status != ApplyStatus.Done)
        {
            (Problem declined, string words) = DeclinedAnswer.Of(answer);
            ResultText.Write(json, declined, words, answer.Existed ? answer.Revision : 0);
        }
        else
        {
            ResultText.Write(json, new TxnResult(operation!.Kind, answer.Existed, answer.Revision, answer.Number, end.Value));
        }
    }
}
